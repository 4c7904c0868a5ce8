import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroredAppliance } from './testing/mirrored-appliance.ts';
import { RandomFaults } from './testing/random-faults.ts';
import { TreeChecker } from './testing/tree-checker.ts';
import { figure } from './testing/figure.ts';

/** Another number, or the printed seed of a run that failed: `PROXYFS_TEST_OPERATIONS=100000 PROXYFS_TEST_SEED=7 npx vitest run server/random-operations`. */
const OPERATIONS = Number(process.env['PROXYFS_TEST_OPERATIONS'] ?? 1500);
const SEED = Number(process.env['PROXYFS_TEST_SEED'] ?? Date.now() % 1_000_000);
/** What fails waits for what fails; the faults come by the clock. */
const FAILURES = Math.ceil(OPERATIONS / 250);
const LIMIT_MS = 120_000 + OPERATIONS * 100;
const FILE_CHECKER = fileURLToPath(new URL('./testing/file-checker.py', import.meta.url));
const LOST = /^(EIO|ETIMEDOUT)$/;
const MODE = 0o755;

let stand: MirroredAppliance;

beforeAll(async () => {
  process.stdout.write(
    `random operations: PROXYFS_TEST_SEED=${SEED} PROXYFS_TEST_OPERATIONS=${OPERATIONS}\n`,
  );
  stand = await MirroredAppliance.start({ areas: [] });
  const made = [
    ...['file', 'failing-file'].map((path) => stand.inMount({ call: 'create', path })),
    ...['tree', 'failing-tree'].map((path) => stand.inMount({ call: 'mkdir', path, mode: MODE })),
  ];
  for (const answer of await Promise.all(made)) expect(answer).toMatchObject({ ok: true });
});

afterAll(() => stand.stop());

async function checkFile(name: string, failures = 0): Promise<void> {
  const numbers = [SEED, OPERATIONS, failures].map(String);
  const options = { timeoutMs: LIMIT_MS };
  const result = await stand.appliance.inMount('python3', [FILE_CHECKER, name, ...numbers], options);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  figure(`${name}, seed ${SEED}: ${result.stdout.trim()}`);
}

async function checkTree(name: string, failures = 0): Promise<void> {
  const checker = new TreeChecker({
    call: (call) => stand.inMount(call, name),
    mode: MODE,
    seed: SEED,
    ...(failures > 0 && { faults: LOST }),
  });
  await checker.run(OPERATIONS, failures);
  const { calls, refused, failed } = checker;
  figure(`${name}, seed ${SEED}: ${calls} calls, ${refused} refused, ${failed} failed`);
}

async function expectReplicasEqual(): Promise<void> {
  await stand.backInSync();
  await stand.expectLocal();
  await stand.expectAllEqual();
}

describe(`random operations on three mirrors (seed ${SEED})`, () => {
  it('on one file come out as in memory', () => checkFile('file'), LIMIT_MS);

  it('on a tree come out as in memory', () => checkTree('tree'), LIMIT_MS);

  it('have made all replicas equal', expectReplicasEqual);
});

describe(`random operations while a mirror fails now and then (seed ${SEED})`, () => {
  async function whileFailing(check: () => Promise<void>): Promise<void> {
    const faults = new RandomFaults(stand, SEED);
    const failing = faults.run();
    await Promise.race([check(), failing]).finally(() => faults.stop());
    await failing;
    process.stdout.write(`mirror failures: ${JSON.stringify(faults.counts)}\n`);
    await expectReplicasEqual();
  }

  it(
    'on one file come out as in memory, or fail and change nothing',
    () => whileFailing(() => checkFile('failing-file', FAILURES)),
    LIMIT_MS,
  );

  it(
    'on a tree come out as in memory, or fail and change nothing',
    () => whileFailing(() => checkTree('failing-tree', FAILURES)),
    LIMIT_MS,
  );
});
