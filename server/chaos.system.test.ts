import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChaosStand } from './testing/chaos/chaos-stand.ts';
import { Crew } from './testing/chaos/crew.ts';
import { type Lane, runLane } from './testing/chaos/fault.ts';
import { mirrorFaults } from './testing/chaos/mirror-faults.ts';
import { Operator } from './testing/chaos/operator.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { figure } from './testing/figure.ts';

/** Longer, or the printed seed of a run that failed: `PROXYFS_TEST_CHAOS_SECONDS=600 PROXYFS_TEST_SEED=7 npx vitest run server/chaos`. */
const SECONDS = Number(process.env['PROXYFS_TEST_CHAOS_SECONDS'] ?? 20);
const SEED = Number(process.env['PROXYFS_TEST_SEED'] ?? Date.now() % 1_000_000);
/** Where replicas and log of a run that failed are kept; by default nowhere. */
const KEPT = process.env['PROXYFS_TEST_KEEP'];
/** After each so many seconds of faults everything is healed and compared. */
const ROUND_SECONDS = 60;
const WRITERS = 4;

const TRIES = { times: 2, wait: [0.5] };
const TIMEOUT_SECONDS = 2;
/** What a machine with less cores than servers adds. */
const SLACK_MS = 2000;
/**
 * In each attempt connecting, catching up and the change itself may take `timeout`, then come the pauses
 * between the attempts, then as long again for undoing.
 */
const CHANGE_BOUND_MS =
  1000 * (TRIES.times * 3 * TIMEOUT_SECONDS + sum(TRIES.wait) + TIMEOUT_SECONDS) + SLACK_MS;
/** Looking waits for no mirror: whoever waited for one that is silent would be found out by its `timeout`. */
const LOOK_BOUND_MS = 1000 * TIMEOUT_SECONDS;

const MIRROR_LANE = { calmMs: { least: 2000, most: 15_000 }, outageMs: { least: 100, most: 8000 } };
const OPERATOR_LANE = { calmMs: { least: 4000, most: 25_000 }, outageMs: { least: 100, most: 8000 } };
const DEATH_LANE = { calmMs: { least: 4000, most: 25_000 }, outageMs: { least: 1, most: 2000 } };

const random = new SeededRandom(SEED);
const startedMs = performance.now();
let stand: ChaosStand;
let crew: Crew;
let lanes: Lane[];
let over: AbortController;
/** The first of them: what follows may follow from it. */
const failures: unknown[] = [];

beforeAll(async () => {
  process.stdout.write(`chaos: PROXYFS_TEST_SEED=${SEED} PROXYFS_TEST_CHAOS_SECONDS=${SECONDS}\n`);
  stand = await ChaosStand.make({ tries: TRIES, timeout: TIMEOUT_SECONDS });
  crew = new Crew({
    stand,
    writers: WRITERS,
    random,
    boundMs: { change: CHANGE_BOUND_MS, look: LOOK_BOUND_MS },
    onFailure: fail,
  });
  lanes = lanesOf(stand);
  await crew.prepare();
  await stand.appliance.start();
  await stand.expectHealed();
});

afterAll(() => stand?.stop());

function lanesOf({ mirrors, appliance }: ChaosStand): Lane[] {
  const operator = new Operator(appliance);
  const ofOwn = () => ({ random: new SeededRandom(random.below(2 ** 31)) });
  return [
    ...mirrors.map((mirror) => ({
      ...MIRROR_LANE,
      ...ofOwn(),
      name: mirror.name,
      faults: mirrorFaults(mirror, operator),
    })),
    {
      ...OPERATOR_LANE,
      ...ofOwn(),
      name: 'operator',
      faults: mirrors.map(({ name }) => operator.detachment(name)),
    },
    { ...DEATH_LANE, ...ofOwn(), name: 'appliance', faults: [() => crew.death()] },
  ];
}

function fail(error: unknown): void {
  failures.push(error);
  over.abort();
}

function say(line: string): void {
  const seconds = (performance.now() - startedMs) / 1000;
  process.stdout.write(`${seconds.toFixed(1).padStart(6)} s  ${line}\n`);
}

/** Faults and calls for so long; then everything is healed and must be as if nothing had ever failed. */
async function round(seconds: number): Promise<void> {
  over = new AbortController();
  const end = setTimeout(() => over.abort(), seconds * 1000);
  crew.start();
  try {
    await Promise.all(lanes.map((lane) => runLane(lane, over.signal, say).catch(fail)));
    await crew.stop();
  } finally {
    clearTimeout(end);
  }
  if (failures.length > 0) throw failures[0];
  await stand.expectHealed();
  await crew.expectWholeCalls();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

it(
  `keeps every promise through ${SECONDS} seconds of chaos (seed ${SEED})`,
  async () => {
    try {
      for (let left = SECONDS; left > 0; left -= ROUND_SECONDS) await round(Math.min(left, ROUND_SECONDS));
    } catch (error) {
      say(`failed: ${String(error)}`);
      if (KEPT) await stand.keep(KEPT);
      throw error;
    }
    figure(`${SECONDS} s, seed ${SEED}: ${crew.summary()}`);
    expect(crew.acknowledged).toBeGreaterThan(SECONDS);
  },
  180_000 + SECONDS * 4000,
);
