// npm run check [-- --static]: everything but the slow tests; --static leaves the unit tests out.

import { availableParallelism } from 'node:os';
import { capture, root, run, stopSignal, tool } from './run.mjs';
import { main, setup } from './setup.mjs';

const CACHE = 'node_modules/.cache';
const SOURCES = ['server', 'shared', 'web', 'scripts', 'vitest.config.ts'];

const TSC = ['typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile'];

// The slow ones first: they run side by side, as many as there are processors.
const CHECKS = {
  types: [...TSC, `${CACHE}/server.tsbuildinfo`],
  'types of the dashboard': [...TSC, `${CACHE}/web.tsbuildinfo`, '-p', 'web'],
  layers: ['dependency-cruiser/bin/dependency-cruise.mjs', '--output-type', 'err-long', ...SOURCES],
  unused: ['knip/bin/knip.js', '--no-progress'],
  lint: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  format: ['@biomejs/biome/bin/biome', 'ci', '--colors=off'],
};

await main(async (args) => {
  await setup();
  const failed = [];
  const queue = [
    ...Object.entries(CHECKS).map(([name, [program, ...options]]) => [name, [tool(program), ...options]]),
    ['canary', [`${root}scripts/canary.mjs`]],
  ];
  const worker = async () => {
    for (let next = queue.shift(); next && !stopSignal; next = queue.shift()) {
      if (!(await check(...next))) failed.push(next[0]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  if (!args.includes('--static') && !stopSignal) {
    const code = await run(process.execPath, [`${root}scripts/test.mjs`, '--project', 'unit']);
    if (code !== 0) failed.push('unit tests');
  }
  if (stopSignal) failed.push(`stopped by ${stopSignal}`);
  console.log(failed.length === 0 ? 'check: all good' : `check: FAILED: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});

async function check(name, args) {
  const startMs = performance.now();
  const { code, output } = await capture(process.execPath, args);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}
