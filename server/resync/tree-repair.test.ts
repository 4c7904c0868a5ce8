import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import { ROOT, type TreePath, treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine, type DirectoryMirror } from '../testing/engine.ts';

const D = treePath('/d');
const FILE = treePath('/d/file');

let engine: Engine;
let mirror: DirectoryMirror;

beforeEach(async () => {
  engine = await Engine.start();
  const second = engine.mirrors[1];
  if (!second) throw new Error('there is no second mirror');
  mirror = second;
  const operations: Operation[] = [
    { kind: 'mkdir', path: D, mode: 0o750 },
    { kind: 'create', path: FILE, mode: 0o640 },
  ];
  for (const operation of operations) await engine.coordinator.run(operation);
  await engine.settling.settle(FILE);
  await engine.settling.settle(D);
  await rm(join(mirror.root, 'd'), { recursive: true });
});

afterEach(() => engine.stop());

async function healed(): Promise<void> {
  mirror.mark([{ kind: 'tree', path: ROOT }]);
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
}

it('lists the root beside the look at its attributes', async () => {
  const { directory } = mirror;
  const [stat, list] = [directory.stat.bind(directory), directory.list.bind(directory)];
  let listed = () => {};
  const isListed = new Promise<void>((resolve) => (listed = resolve));
  vi.spyOn(directory, 'list').mockImplementation((path: TreePath) => {
    listed();
    return list(path);
  });
  vi.spyOn(directory, 'stat').mockImplementation(async (path) => {
    await isListed;
    return stat(path);
  });
  await healed();
});

it('lists it again where that was refused before its mode was right', async () => {
  const list = vi.spyOn(mirror.directory, 'list');
  list.mockImplementationOnce(() => {
    throw new AppError('ACCESS_DENIED');
  });
  await healed();
  expect(list.mock.calls.filter(([path]) => path === ROOT)).toHaveLength(2);
});

it('makes no directory that it puts there whole', async () => {
  const apply = vi.spyOn(mirror.directory, 'apply');
  await healed();
  expect(apply.mock.calls.map(([{ kind }]) => kind)).not.toContain('mkdir');
});
