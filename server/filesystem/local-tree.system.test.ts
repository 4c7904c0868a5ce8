import { afterEach, describe, expect, test } from 'vitest';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asAppError } from '../base/errors.ts';
import { smallDisk, type SmallDisk } from '../testing/small-disk.ts';
import { LocalTree } from './local-tree.ts';
import type { Operation } from './operation.ts';
import { treePath } from './tree-path.ts';

const MIB = 1024 * 1024;
const path = treePath('/file');

let disk: SmallDisk;
let tree: LocalTree;

async function startOn(made: SmallDisk): Promise<void> {
  disk = made;
  tree = new LocalTree(disk.path, join(disk.path, '.proxyfs'));
  await tree.start();
}

afterEach(async () => {
  await tree.stop();
  disk.remove();
});

async function outcome(operation: Operation): Promise<string> {
  try {
    await tree.apply(operation);
    return 'applied';
  } catch (error) {
    return asAppError(error).code;
  }
}

/** Leaves so little space that a write of some MiB stops half way. */
function fillUpTo(leftBytes: number): void {
  const filler = join(disk.path, 'filler');
  writeFileSync(filler, '');
  try {
    for (;;) writeFileSync(filler, Buffer.alloc(64 * 1024, 'f'), { flag: 'a' });
  } catch {
    // Full, as meant.
  }
  writeFileSync(filler, Buffer.alloc(Math.max(0, lstatSync(filler).size - leftBytes), 'f'));
}

const DISKS = [
  ['tmpfs', () => smallDisk({ sizeBytes: 16 * MIB })],
  ['ext4', () => smallDisk({ sizeBytes: 24 * MIB, kind: 'ext4' })],
] as const;

describe.each(DISKS)('on a full %s', (_, make) => {
  test('an append that stops half way is nowhere, and works when there is space', async () => {
    await startOn(make());
    await tree.apply({ kind: 'create', path, mode: 0o644 });
    await tree.apply({ kind: 'write', path, offset: 0, data: Buffer.from('before') });
    fillUpTo(MIB);
    const append: Operation = { kind: 'write', path, offset: 6, data: Buffer.alloc(4 * MIB, 'n') };
    expect(await outcome(append)).toBe('NO_SPACE');
    expect(readFileSync(join(disk.path, 'file'), 'utf8')).toBe('before');
    expect(await outcome({ kind: 'unlink', path: treePath('/filler') })).toBe('applied');
    expect(await outcome(append)).toBe('applied');
    expect(lstatSync(join(disk.path, 'file')).size).toBe(6 + 4 * MIB);
  });

  test('a write into a hole that stops half way leaves the hole, and the tree goes on', async () => {
    await startOn(make());
    await tree.apply({ kind: 'create', path, mode: 0o644 });
    await tree.apply({ kind: 'write', path, offset: 0, data: Buffer.from('head') });
    await tree.apply({ kind: 'truncate', path, sizeBytes: 8 * MIB });
    // The slot's own room for 4 MiB of old bytes is taken before the disk is full.
    await tree.apply({ kind: 'write', path: treePath('/file'), offset: 0, data: Buffer.alloc(4 * MIB, 'x') });
    await tree.apply({ kind: 'truncate', path, sizeBytes: 0 });
    await tree.apply({ kind: 'truncate', path, sizeBytes: 8 * MIB });
    fillUpTo(MIB);
    const into: Operation = { kind: 'write', path, offset: MIB, data: Buffer.alloc(4 * MIB, 'n') };
    expect(await outcome(into)).toBe('NO_SPACE');
    const content = readFileSync(join(disk.path, 'file'));
    expect(content.equals(Buffer.alloc(8 * MIB))).toBe(true);
    expect(await outcome({ kind: 'chmod', path, mode: 0o600 })).toBe('applied');
  });
});

test('without inodes left nothing is made, and nothing is left', async () => {
  await startOn(smallDisk({ sizeBytes: 8 * MIB, inodes: 12 }));
  const made: string[] = [];
  for (let index = 0; index < 20; index++) {
    const at = treePath(`/f${index}`);
    if ((await outcome({ kind: 'create', path: at, mode: 0o644 })) === 'applied') made.push(`f${index}`);
  }
  expect(made.length).toBeGreaterThan(0);
  expect(made.length).toBeLessThan(20);
  expect(await outcome({ kind: 'mkdir', path: treePath('/d'), mode: 0o755 })).toBe('NO_SPACE');
  expect(await outcome({ kind: 'symlink', path: treePath('/s'), target: 'x' })).toBe('NO_SPACE');
  expect(readdirSync(disk.path).toSorted()).toEqual(['.proxyfs', ...made].toSorted());
  expect((await tree.space()).freeFiles).toBe(0);
});

test('a read-only file system says READ_ONLY to every change, and goes on when it is writable again', async () => {
  await startOn(smallDisk({ sizeBytes: 8 * MIB }));
  await tree.apply({ kind: 'create', path, mode: 0o644 });
  await tree.stop();
  await disk.remountReadOnly();
  expect(asAppError(await tree.start().catch((error: unknown) => error)).code).toBe('READ_ONLY');
  const space = await tree.space();
  expect(space.readOnly).toBe(true);
  expect(await outcome({ kind: 'chmod', path, mode: 0o600 })).toBe('READ_ONLY');
  expect(await outcome({ kind: 'unlink', path })).toBe('READ_ONLY');
  expect(await outcome({ kind: 'rename', path, to: treePath('/other') })).toBe('READ_ONLY');
  disk.remountReadWrite();
  await tree.start();
  expect(await outcome({ kind: 'write', path, offset: 0, data: Buffer.from('again') })).toBe('applied');
});
