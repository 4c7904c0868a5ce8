import { afterAll, beforeAll, expect, it } from 'vitest';
import { sleep } from './base/wait.ts';
import { CrashStand } from './testing/crash-stand.ts';
import { RandomWriter } from './testing/random-writer.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { figure } from './testing/figure.ts';

/** Another number, or the printed seed of a run that failed: `PROXYFS_TEST_KILLS=100 PROXYFS_TEST_SEED=7 npx vitest run server/crash-random`. */
const KILLS = Number(process.env['PROXYFS_TEST_KILLS'] ?? 20);
const SEED = Number(process.env['PROXYFS_TEST_SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 6;
const BUSY_MS = { least: 20, most: 400 };
const SECONDS_PER_KILL = 8;

let stand: CrashStand;
let writers: RandomWriter[];
const random = new SeededRandom(SEED);

beforeAll(async () => {
  stand = await CrashStand.make();
  const roots = { mount: stand.mountPoint, expected: stand.expected };
  const { worker } = stand;
  writers = Array.from({ length: WRITERS }, (_, index) => {
    return new RandomWriter({ directory: `w${index}`, worker, roots, seed: random.below(2 ** 31) });
  });
  for (const writer of writers) await writer.prepare(stand.localPath);
});

afterAll(() => stand.stop());

/** The lines are in the message: a report that cuts the difference short still has them. */
function expectNone(found: string[]): void {
  expect(found, found.join('\n')).toEqual([]);
}

/** Every replica is the same, and holds what each writer must find there. */
async function expectWholeCalls(): Promise<void> {
  await stand.inSync();
  expectNone(await stand.differences());
  const found = await Promise.all(writers.map((writer) => writer.check(stand.localPath)));
  expectNone(found.flat());
}

async function killWhileBusy(): Promise<void> {
  let dead = false;
  const running = writers.map((writer) => writer.run({ isDead: () => dead }));
  const failed = Promise.all(running).then(() => {});
  await Promise.race([failed, sleep(BUSY_MS.least + random.below(BUSY_MS.most - BUSY_MS.least))]);
  dead = true;
  await stand.appliance.kill9();
  await failed;
}

/** Now and then the recovery itself is killed. */
async function startAgain(): Promise<number> {
  let killed = 0;
  for (; random.chance(0.2); killed += 1) {
    stand.appliance.launch();
    await sleep(200 + random.below(700));
    await stand.appliance.kill9();
  }
  await stand.start();
  return killed;
}

it(
  `keeps what it acknowledged, whole and everywhere, over ${KILLS} kills (seed ${SEED})`,
  async () => {
    process.stdout.write(`random kills: PROXYFS_TEST_SEED=${SEED} PROXYFS_TEST_KILLS=${KILLS}\n`);
    await stand.start();
    for (let kill = 0; kill < KILLS; kill += 1) {
      await expectWholeCalls();
      await killWhileBusy();
      kill += await startAgain();
    }
    await expectWholeCalls();
    const sum = (of: (writer: RandomWriter) => number) =>
      writers.reduce((total, writer) => total + of(writer), 0);
    const outcomes = {
      everywhere: sum((w) => w.outcomes.everywhere),
      nowhere: sum((w) => w.outcomes.nowhere),
    };
    const { everywhere, nowhere } = outcomes;
    const calls = `${sum((w) => w.acknowledged)} of ${sum((w) => w.calls)} calls acknowledged`;
    figure(`seed ${SEED}: ${calls}; interrupted: ${everywhere} everywhere, ${nowhere} nowhere`);
    expect(sum((w) => w.acknowledged)).toBeGreaterThan(10 * KILLS);
  },
  60_000 + KILLS * SECONDS_PER_KILL * 1000,
);
