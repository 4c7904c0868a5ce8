import { mkdir, readdir, readFile, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Operation } from '../filesystem/operation.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { IDENTITY_FILE, treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine } from '../testing/engine.ts';
import { LinkGroups } from './link-groups.ts';
import { Repair } from './repair.ts';

const OWNER = { uid: 0, gid: 0 };
const D = treePath('/d');
const NAMES = ['x', 'y'];

let engine: Engine;
/** A directory that is part of no replica. */
let outside: string;

beforeEach(async () => {
  engine = await Engine.start();
  outside = join(engine.base, 'outside');
  await mkdir(outside);
  for (const name of NAMES) await writeFile(join(outside, name), `somebody's ${name}`);
});

afterEach(() => engine.stop());

function linkTo(target: string): Operation[] {
  return [{ kind: 'symlink', path: D, target, owner: OWNER }];
}

function directory(): Operation[] {
  const files = NAMES.map((name) => treePath(`/d/${name}`));
  return [
    { kind: 'mkdir', path: D, mode: 0o755 },
    ...files.map((path): Operation => ({ kind: 'create', path, mode: 0o644 })),
    ...files.map((path): Operation => ({ kind: 'write', path, offset: 0, data: Buffer.from('ours') })),
  ];
}

function withoutDirectory(): Operation[] {
  const files = NAMES.map((name) => treePath(`/d/${name}`));
  return [...files.map((path): Operation => ({ kind: 'unlink', path })), { kind: 'rmdir', path: D }];
}

async function run(operations: readonly Operation[]): Promise<void> {
  for (const operation of operations) await engine.coordinator.run(operation);
}

/** One mirror misses them and catches up. */
async function runWithoutOne(operations: readonly Operation[]): Promise<void> {
  const [absent] = engine.mirrors;
  if (!absent) throw new Error('there are no mirrors');
  absent.required = false;
  absent.tree.linked = false;
  await run(operations);
  absent.required = true;
  await engine.heal();
}

async function expectOutsideUntouched(): Promise<void> {
  expect((await readdir(outside)).sort()).toEqual(NAMES);
  for (const name of NAMES) expect(await readFile(join(outside, name), 'utf8')).toBe(`somebody's ${name}`);
}

const TARGETS: [string, () => string][] = [
  ['a directory outside', () => outside],
  ['a directory of the tree', () => 'other'],
  ['itself', () => 'd'],
  ['nowhere', () => 'missing'],
];

beforeEach(() =>
  run([
    { kind: 'mkdir', path: treePath('/other'), mode: 0o755 },
    { kind: 'create', path: treePath('/other/x'), mode: 0o640 },
  ]),
);

it.each(TARGETS)('a directory that became a symlink to %s is one on the mirror', async (_what, target) => {
  await run(directory());
  await runWithoutOne([...withoutDirectory(), ...linkTo(target())]);
  expect(await compareTrees(engine.roots)).toEqual([]);
  await expectOutsideUntouched();
});

it.each(TARGETS)('a symlink to %s that became a directory is one on the mirror', async (_what, target) => {
  await run(linkTo(target()));
  await runWithoutOne([{ kind: 'unlink', path: D }, ...directory()]);
  expect(await compareTrees(engine.roots)).toEqual([]);
  await expectOutsideUntouched();
});

it.each(TARGETS)(
  'a directory moved to where a symlink to %s stood is there on the mirror',
  async (_what, target) => {
    const far = treePath('/far');
    await run([...linkTo(target()), { kind: 'mkdir', path: far, mode: 0o755 }]);
    await runWithoutOne([
      { kind: 'unlink', path: D },
      { kind: 'mkdir', path: D, mode: 0o755 },
      { kind: 'rename', path: far, to: treePath('/d/far') },
    ]);
    expect(await compareTrees(engine.roots)).toEqual([]);
    await expectOutsideUntouched();
  },
);

/** Two replicas whose `/d` is the same symlink, which leads each of them to a directory of its own machine. */
async function linkedReplicas() {
  const [here = '', there = ''] = ['here', 'there'].map((name) => join(engine.base, name));
  const trees = [];
  for (const machine of [here, there]) {
    await mkdir(join(machine, 'root'), { recursive: true });
    await mkdir(join(machine, 'outside'));
    await symlink('../outside', join(machine, 'root/d'));
    const tree = new LocalTree(join(machine, 'root'), join(machine, 'state'));
    await tree.start();
    trees.push(tree);
  }
  const [local, mirror] = trees as [LocalTree, LocalTree];
  await local.writeReserved(IDENTITY_FILE, Buffer.from('{}'));
  return { here, there, local, mirror };
}

it('what was noted below a directory that is a symlink by now is neither removed nor written where that leads', async () => {
  const { here, there, local, mirror } = await linkedReplicas();
  await writeFile(join(there, 'outside/x'), "somebody's x");
  await writeFile(join(here, 'outside/y'), 'what the machine of the local tree has');
  const repair = new Repair({ local, mirror, groups: new LinkGroups(local), follow: () => {} });
  for (const path of ['/d/x', '/d/y'].map(treePath)) {
    await repair.entry(path, 'content');
    await repair.fresh(path);
    await repair.attributesOf(path);
    await repair.range({ path, offset: 0, lengthBytes: 100 });
  }
  expect(await readdir(join(there, 'outside'))).toEqual(['x']);
  expect(await readFile(join(there, 'outside/x'), 'utf8')).toBe("somebody's x");
  expect(await readlink(join(there, 'root/d'))).toBe('../outside');
  await local.stop();
  await mirror.stop();
});

it('a name in a directory that the mirror has as a symlink is not put where that leads', async () => {
  const { here, there, local, mirror } = await linkedReplicas();
  await unlink(join(here, 'root/d'));
  await mkdir(join(here, 'root/d'));
  await writeFile(join(here, 'root/d/x'), 'ours');
  await writeFile(join(there, 'outside/x'), 'ours');
  const repair = new Repair({ local, mirror, groups: new LinkGroups(local), follow: () => {} });
  await repair.entry(treePath('/d/x'), 'content');
  expect(
    await compareTrees([join(here, 'root'), join(there, 'root')], { ignoreDirectoryTimes: true }),
  ).toEqual([]);
  await local.stop();
  await mirror.stop();
});
