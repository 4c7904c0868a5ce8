#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// libuv reads the size of its thread pool at first use: reads of the mount, of the disk and of the journal share it.
process.env.UV_THREADPOOL_SIZE ??= '16';

// Left alone, V8 lets garbage grow to several times what is alive before it looks, and memory once taken is hardly given back.
setFlagsFromString('--heap-growing-percent=100');

// The modes of files are what callers ask for; the kernel has applied their masks already.
process.umask(0);

const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv);
