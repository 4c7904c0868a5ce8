import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileSource } from '../filesystem/file-tree.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { treePath, type TreePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { LinkGroups } from './link-groups.ts';
import { Repair } from './repair.ts';

const NAMES = ['/one', '/two', '/below/three'].map(treePath);

class CountedMirror extends LocalTree {
  copies = 0;
  override async replaceFile(path: TreePath, source: FileSource): Promise<void> {
    this.copies += 1;
    await super.replaceFile(path, source);
  }
}

let temp: TempDirectory;
let roots: string[];
let local: LocalTree;
let mirror: CountedMirror;

beforeEach(async () => {
  temp = await tempDirectory('linked-names');
  roots = ['local', 'mirror'].map((name) => join(temp.path, name));
  for (const root of roots) await mkdir(join(root, 'below'), { recursive: true });
  const [here = '', there = ''] = roots;
  local = new LocalTree(here, join(here, '.proxyfs'));
  mirror = new CountedMirror(there, join(there, '.proxyfs'));
  await local.start();
  await mirror.start();
  await writeFile(join(here, 'one'), 'content');
  await link(join(here, 'one'), join(here, 'two'));
  await link(join(here, 'one'), join(here, 'below/three'));
});

afterEach(async () => {
  await local.stop();
  await mirror.stop();
  await temp.remove();
});

async function repairAllAtOnce(): Promise<void> {
  const groups = new LinkGroups(local);
  const repair = new Repair({ local, mirror, groups, follow: () => {} });
  await Promise.all(NAMES.map((name) => repair.entry(name, 'content')));
}

it('become one file where the mirror lacks all of them, which is copied once', async () => {
  await repairAllAtOnce();
  expect(await compareTrees(roots, { ignoreDirectoryTimes: true })).toEqual([]);
  expect(mirror.copies).toBe(1);
});

it('become one file where each is a file of its own on the mirror', async () => {
  for (const name of NAMES) await writeFile(join(roots[1] ?? '', name), `of ${name}`);
  await repairAllAtOnce();
  expect(await compareTrees(roots, { ignoreDirectoryTimes: true })).toEqual([]);
  expect(mirror.copies).toBe(1);
});
