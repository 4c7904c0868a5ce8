const { runDemo } = await import('./run-demo.ts');
// A handle that was left open must not keep the demo from ending.
process.exit(await runDemo());
export {};
