// npm run bench [-- OPTIONS]
import { run } from './run.mjs';
import { main, setup } from './setup.mjs';

await main(async (args) => {
  await setup({ system: true, build: true });
  return run(process.execPath, ['dist/server/testing/bench/main.js', ...args]);
});
