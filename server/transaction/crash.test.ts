import { mkdir, readdir, readFile, truncate, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { CRASH_POINTS, crashAt, type CrashPoint } from '../testing/engine-crash.ts';
import { Engine } from '../testing/engine.ts';
import { operationsOn, plantTree } from '../testing/planted-tree.ts';
import { waitUntil } from '../testing/wait-until.ts';

/** One operation at one crash point, in a directory of its own, so that one engine crashes with all of them. */
interface CrashCase {
  readonly title: string;
  readonly directory: string;
  readonly operation: Operation;
  readonly point: CrashPoint;
}

const CASES: readonly CrashCase[] = CRASH_POINTS.flatMap((point, row) =>
  Object.entries(operationsOn('')).flatMap(([title], column) => {
    const directory = `/${row}-${column}`;
    const operation = operationsOn(directory)[title];
    return operation ? [{ title: `${title}, ${point.name}`, directory, operation, point }] : [];
  }),
);
const TITLES = CASES.map(({ title }) => title);

/** What a kill in the middle of the request leaves on a mirror: a part of it. */
async function halve(root: string, { operation }: CrashCase): Promise<void> {
  const at = root + operation.path;
  if (operation.kind === 'write') {
    const content = await readFile(at);
    content.fill(0, operation.offset + Math.floor(operation.data.length / 2));
    await writeFile(at, content);
  }
  if (operation.kind === 'truncate') await truncate(at, Math.floor(operation.sizeBytes / 2));
  if (operation.kind === 'create' || operation.kind === 'mkdir') await chmod(at, 0o700);
}

/** An engine that was killed with every case under way, and how its trees must come out. */
class CrashedEngine {
  readonly engine: Engine;
  readonly #before: string;
  readonly #after: string;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.#before = join(engine.base, 'before');
    this.#after = join(engine.base, 'after');
  }

  static async make(): Promise<CrashedEngine> {
    const crashed = new CrashedEngine(await Engine.start());
    await crashed.#plant();
    await crashAt(crashed.engine, CASES);
    return crashed;
  }

  async #plant(): Promise<void> {
    const reference = new LocalTree(this.#after, join(this.engine.base, 'reference-state'));
    await reference.start();
    for (const { directory, operation } of CASES) {
      for (const root of [...this.engine.roots, this.#before, this.#after]) {
        await mkdir(root + directory, { recursive: true });
        await plantTree(root + directory);
      }
      await reference.apply(operation);
    }
    await reference.stop();
  }

  /** Restarts until recovery is through, killing it after so many changes on each mirror, ever more of them. */
  async recoverThroughKills(): Promise<number> {
    for (let kills = 0; ; kills += 1) {
      await this.engine.restart();
      for (const { tree } of this.engine.mirrors) tree.dieAfter(2 ** kills);
      const died = () => this.engine.mirrors.some(({ tree }) => tree.isDead);
      const killed = waitUntil('a mirror dies', died, 60_000).then(
        () => false,
        () => false,
      );
      if (await Promise.race([this.engine.heal().then(() => true), killed])) return kills;
      await this.engine.die();
    }
  }

  /** Every replica is as it was before the call, or as an uncrashed call leaves it, and all are the same. */
  async differences({ directory, point }: CrashCase): Promise<string[]> {
    const roots = this.engine.roots.map((root) => root + directory);
    const [wanted, options] = point.committed
      ? [this.#after, { ignoreDirectoryTimes: true, ignoreFileTimes: true }]
      : [this.#before, { ignoreDirectoryTimes: true }];
    return [
      ...(await compareTrees(roots)),
      ...(await compareTrees([wanted + directory, ...roots.slice(0, 1)], options)),
    ];
  }

  caseOf(title: string): CrashCase {
    const found = CASES.find((candidate) => candidate.title === title);
    if (!found) throw new Error(`no case ${title}`);
    return found;
  }

  stop(): Promise<void> {
    return this.engine.stop();
  }
}

const RECOVERIES: Record<string, (crashed: CrashedEngine) => Promise<void>> = {
  'one recovery': async ({ engine }) => {
    await engine.restart();
    await engine.heal();
  },
  'one recovery after the machine went down': async ({ engine }) => {
    engine.bootId = 'boot 2';
    await engine.restart();
    await engine.heal();
  },
  'recoveries that are killed themselves, of mirrors that hold a part of it': async (crashed) => {
    for (const partly of CASES) {
      if (partly.point.applied.includes('m2') && !partly.point.undoing)
        await halve(join(crashed.engine.base, 'm2'), partly);
    }
    expect(await crashed.recoverThroughKills()).toBeGreaterThan(3);
  },
};

describe.each(Object.entries(RECOVERIES))('a crash, then %s', (_name, recoverFrom) => {
  let crashed: CrashedEngine;

  beforeAll(async () => {
    crashed = await CrashedEngine.make();
    await recoverFrom(crashed);
  }, 120_000);

  afterAll(() => crashed.stop());

  it.each(TITLES)('%s: everywhere or nowhere', async (title) => {
    expect(await crashed.differences(crashed.caseOf(title))).toEqual([]);
  });

  it('leaves nothing to a further recovery', async () => {
    const { engine } = crashed;
    const heldBefore = await everything(engine);
    await engine.restart();
    expect(engine.mirrors.map(({ stale }) => stale.size)).toEqual([0, 0, 0]);
    await engine.heal();
    expect(await everything(engine)).toEqual(heldBefore);
  });
});

/** Every name on every replica; what trees keep for themselves comes and goes. */
async function everything(engine: Engine): Promise<string[]> {
  const lists = await Promise.all(engine.roots.map((root) => readdir(root, { recursive: true })));
  const own = (name: string) => name.startsWith('.proxyfs');
  return lists
    .flatMap((names, index) => names.filter((name) => !own(name)).map((name) => `${index}/${name}`))
    .sort();
}
