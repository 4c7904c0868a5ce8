#!/usr/bin/env node
// CommonJS, as libuv reads the size of its thread pool at first use, and loading an ES module is one. Reads of a slow disk,
// syncs and the journal share it: some that hang must not keep the others waiting.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

// Left alone, V8 lets garbage grow to several times what is alive before it looks, and memory once taken is hardly given
// back. Room for what is young stays as it is at the start: grown, it holds 32 MiB and delays the end of large buffers.
const { setFlagsFromString } = process.getBuiltinModule('node:v8');
setFlagsFromString('--heap-growing-percent=100');
setFlagsFromString('--semi-space-growth-factor=1');

// The modes of files are what callers ask for; the kernel has applied their masks already.
process.umask(0);

void import('./cli/command-line.ts').then(async ({ runCommandLine }) => {
  process.exitCode = await runCommandLine(process.argv);
});
