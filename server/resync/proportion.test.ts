import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BusyArea } from '../testing/busy-area.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { figure } from '../testing/figure.ts';

const OPERATIONS = Number(process.env['PROXYFS_TEST_OPERATIONS'] ?? 800);
const PATHS = Math.ceil(OPERATIONS / 10);
const SMALL_TREE = Number(process.env['PROXYFS_TEST_FILES'] ?? 20);
const LARGE_TREE = SMALL_TREE * 100;
const FILES_EACH = 50;
const SEED = 11;
const LIMIT_MS = 3_600_000;
/** One path is looked at, read, made anew and described; a directory that was renamed is listed under both names. */
const MOST_CALLS_EACH = 12;

/** A tree that nobody changes, the same on every replica. */
async function plant(roots: readonly string[], files: number): Promise<void> {
  for (const root of roots) {
    for (let k = 0; k < files; k += 1) {
      const directory = join(root, `still-${Math.floor(k / FILES_EACH)}`);
      if (k % FILES_EACH === 0) await mkdir(directory);
      const at = join(directory, `f${k}`);
      await writeFile(at, `file ${k}`);
      await utimes(at, 1_600_000_000, 1_600_000_000);
    }
    for (let k = 0; k < files; k += FILES_EACH)
      await utimes(join(root, `still-${k / FILES_EACH}`), 1_600_000_000, 1_600_000_000);
  }
}

/** What catching up with the same changes asks of a mirror that missed all of them, in a tree of so many other files. */
async function callsToCatchUp(files: number): Promise<number> {
  const engine = await Engine.start();
  try {
    await plant(engine.roots, files);
    const area = new BusyArea(PATHS, new SeededRandom(SEED));
    for (const operation of area.prepare()) await engine.coordinator.run(operation);
    await engine.heal();
    const [absent] = engine.mirrors;
    if (!absent) throw new Error('no mirror');
    absent.required = false;
    absent.tree.linked = false;
    for (let done = 0; done < OPERATIONS; ) {
      for (const operation of area.change()) {
        await engine.coordinator.run(operation);
        done += 1;
      }
    }
    await engine.settling.stop();
    absent.tree.linked = true;
    absent.tree.calls = 0;
    await absent.caughtUp(LIMIT_MS);
    const { calls } = absent.tree;
    await engine.heal();
    expect(await compareTrees(engine.roots)).toEqual([]);
    return calls;
  } finally {
    await engine.stop();
  }
}

it(
  'asks of a mirror that was absent as much as has changed, however large the tree',
  async () => {
    const small = await callsToCatchUp(SMALL_TREE);
    const large = await callsToCatchUp(LARGE_TREE);
    figure(
      `${OPERATIONS} operations on ${PATHS} paths: ${small} calls in a tree of ${SMALL_TREE}, ${large} of ${LARGE_TREE}`,
    );
    expect(large).toBeLessThan(small * 1.2);
    expect(small).toBeLessThan(PATHS * MOST_CALLS_EACH);
  },
  LIMIT_MS,
);
