import { link, mkdir, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileSource } from '../filesystem/file-tree.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { IDENTITY_FILE, treePath, type TreePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { LinkGroups } from './link-groups.ts';
import { Repair } from './repair.ts';

const NAMES = ['/one', '/two', '/below/three'].map(treePath);

class CountedMirror extends LocalTree {
  copies = 0;
  refusesLinks = false;
  beforeLink: () => Promise<void> = () => Promise.resolve();
  override async replaceFile(path: TreePath, source: FileSource): Promise<void> {
    this.copies += 1;
    await super.replaceFile(path, source);
  }

  override async replaceWithLink(path: TreePath, existing: TreePath): Promise<void> {
    if (this.refusesLinks) throw new AppError('NOT_SUPPORTED');
    await this.beforeLink();
    await super.replaceWithLink(path, existing);
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
  await local.writeReserved(IDENTITY_FILE, Buffer.from('{}'));
  await writeFile(join(here, 'one'), 'content');
  await link(join(here, 'one'), join(here, 'two'));
  await link(join(here, 'one'), join(here, 'below/three'));
});

afterEach(async () => {
  await local.stop();
  await mirror.stop();
  await temp.remove();
});

async function repairAllAtOnce(names = NAMES): Promise<void> {
  const groups = new LinkGroups(local);
  const repair = new Repair({ local, mirror, groups, follow: () => {} });
  await Promise.all(names.map((name) => repair.entry(name, 'content')));
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

it.each(['missing', 'apart', 'another'])(
  'of a symlink become one, which are %s on the mirror',
  async (there) => {
    const names = ['/link', '/below/link'].map(treePath);
    const [here = '', mirrored = ''] = roots;
    await symlink('target', join(here, 'link'));
    await link(join(here, 'link'), join(here, 'below/link'));
    const target = there === 'apart' ? 'target' : 'elsewhere';
    if (there !== 'missing') for (const name of names) await symlink(target, join(mirrored, name));
    await repairAllAtOnce([...NAMES, ...names]);
    expect(await compareTrees(roots, { ignoreDirectoryTimes: true })).toEqual([]);
  },
);

it('of a symlink are symlinks of their own on a mirror that can give it no second name', async () => {
  const names = ['/link', '/below/link'].map(treePath);
  const [here = '', mirrored = ''] = roots;
  await symlink('target', join(here, 'link'));
  await link(join(here, 'link'), join(here, 'below/link'));
  mirror.refusesLinks = true;
  await repairAllAtOnce(names);
  for (const name of names) expect(await readlink(join(mirrored, name))).toBe('target');
});

it('are looked at once more where one has gone while it was linked', async () => {
  const followed: AffectedPath[] = [];
  const repair = new Repair({
    local,
    mirror,
    groups: new LinkGroups(local),
    follow: (affected) => followed.push(affected),
  });
  const [here = ''] = roots;
  mirror.beforeLink = async () => {
    mirror.beforeLink = () => Promise.resolve();
    for (const name of ['one', 'two', 'below/three'])
      await rename(join(here, name), join(here, `${name}-moved`));
  };
  await repair.entry(treePath('/one'), 'content');
  for (const path of ['/two', '/below/three'].map(treePath))
    expect(followed).toContainEqual({ kind: 'entry', path });
});
