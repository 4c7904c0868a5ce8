// npm run prove [-- --minutes N] [--out DIRECTORY]
import { run } from './run.mjs';
import { isRoot, main, setup, SetupError } from './setup.mjs';

await main(async (args) => {
  if (!isRoot()) throw new SetupError('npm run prove needs root: it starts real servers and real mounts');
  await setup({ system: true, build: true });
  return run(process.execPath, ['dist/server/testing/prove/main.js', ...args]);
});
