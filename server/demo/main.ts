// libuv reads the size of its thread pool at first use: reads of the mount, the mirrors and the journal share it.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

const { runDemo } = await import('./run-demo.ts');
// A handle that was left open must not keep the demo from ending.
process.exit(await runDemo());
export {};
