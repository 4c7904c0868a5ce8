import { link, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { scrubOf } from '../testing/scrub-of.ts';
import { LinkComparison, type OtherLink } from './link-comparison.ts';
import { LinkGroups } from './link-groups.ts';
import { Tally } from './tally.ts';

const PLANTED_S = 1_600_000_000;
const LOOK_THE_SAME = ['a', 'b', 'c', 'd', 'alone'];

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  for (const root of engine.roots) {
    for (const name of LOOK_THE_SAME) await make(root, name);
    await relink(root, 'b', 'a');
    await relink(root, 'd', 'c');
  }
});

afterEach(() => engine.stop());

async function make(root: string, name: string): Promise<void> {
  await rm(join(root, name), { force: true });
  await writeFile(join(root, name), 'the same');
  await utimes(join(root, name), PLANTED_S, PLANTED_S);
  await utimes(root, PLANTED_S, PLANTED_S);
}

async function relink(root: string, name: string, existing: string): Promise<void> {
  await rm(join(root, name));
  await link(join(root, existing), join(root, name));
  await utimes(root, PLANTED_S, PLANTED_S);
}

async function findings(index = 0): Promise<string[]> {
  const { divergences } = await scrubOf(engine, engine.mirrors[index], { compare: 'content' });
  return divergences.map(
    ({ path, kinds, isLocalSuspected }) => `${path} ${kinds.join()} ${isLocalSuspected}`,
  );
}

async function repair(index = 0): Promise<void> {
  const mirror = engine.mirrors[index];
  const { divergences } = await scrubOf(engine, mirror);
  mirror?.mark(divergences.map(({ affected }) => affected));
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
}

const rootOf = (index: number) => engine.mirrors[index]?.root ?? '';

it('finds a name that is a file of its own, and links it again', async () => {
  expect(await findings()).toEqual([]);
  await make(rootOf(0), 'b');
  expect(await findings()).toEqual(['/b links false']);
  await repair();
});

it('finds files that are one on the mirror, and parts them', async () => {
  await relink(rootOf(0), 'alone', 'a');
  const found = await findings();
  expect(found.length).toBeGreaterThan(0);
  // Whichever is met first is taken for the right one.
  for (const line of found) expect(line).toMatch(/^\/(a|b|alone) links false$/);
  await repair();
});

it('finds names that have changed places between files of as many names', async () => {
  await relink(rootOf(0), 'b', 'c');
  await relink(rootOf(0), 'd', 'a');
  expect((await findings()).length).toBeGreaterThan(0);
  await repair();
});

it('suspects the local tree where all mirrors say the same', async () => {
  for (const index of engine.mirrors.keys()) await make(rootOf(index), 'b');
  expect(await findings()).toEqual(['/b links true']);
  await relink(rootOf(1), 'b', 'a');
  expect(await findings()).toEqual(['/b links false']);
});

it('takes no names outside of the trees for a difference', async () => {
  const outside = join(engine.base, 'outside');
  await mkdir(outside);
  await link(join(engine.localRoot, 'alone'), join(outside, 'local'));
  for (const name of LOOK_THE_SAME) await link(join(rootOf(0), name), join(outside, name));
  expect(await findings()).toEqual([]);
});

/** As a mirror is whose login may run nothing; `counts`: whether its listings say how many links a file has. */
async function differencesWithoutIds(counts: boolean): Promise<{ found: OtherLink[]; unknown: number }> {
  const tally = new Tally();
  const groups = new LinkGroups(engine.local);
  const directory = engine.mirrors[0]?.directory as FileTree;
  const without = (stat: FileStat) => ({ ...stat, ...(!counts && { links: undefined }) }) as FileStat;
  const mirror = Object.create(directory, {
    fileId: { value: () => Promise.resolve(undefined) },
    list: {
      value: async function* (path: TreePath) {
        for await (const page of directory.list(path))
          yield page.map((each) => ({ ...each, stat: without(each.stat) }));
      },
    },
  }) as FileTree;
  const namesOf = (path: TreePath) => groups.namesOf(path);
  const links = new LinkComparison({ local: engine.local, mirror, namesOf, tally });
  const found: OtherLink[] = [];
  for (const name of LOOK_THE_SAME) {
    const path = `/${name}` as TreePath;
    const [here, there] = await Promise.all([engine.local.stat(path), directory.stat(path)]);
    const other = await links.differenceAt(path, { here, there: there && without(there) });
    if (other && (await links.isStill(path, other))) found.push(other);
  }
  return { found, unknown: tally.unknownLinks };
}

it('goes by counts where ids can’t be had, and says of how many files it doesn’t know', async () => {
  await make(rootOf(0), 'b');
  expect(await differencesWithoutIds(true)).toEqual({
    found: [
      { name: '/b', isOneThere: false },
      { name: '/a', isOneThere: false },
    ],
    unknown: 2,
  });
  expect(await differencesWithoutIds(false)).toEqual({ found: [], unknown: 5 });
});
