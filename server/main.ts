#!/usr/bin/env node
// libuv reads the size of its thread pool at first use: reads of the mount, of the disk and of the journal share it.
process.env.UV_THREADPOOL_SIZE ??= '16';

// The modes of files are what callers ask for; the kernel has applied their masks already.
process.umask(0);

const { runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv);
export {};
