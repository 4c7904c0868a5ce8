import { describe, expect, test } from 'vitest';
import { OPERATION_KINDS } from '../../shared/states.ts';
import { affectedBy, EXTENT_BYTES, keyOf, type AffectedPath } from './affected-path.ts';
import type { Operation } from './operation.ts';
import { treePath } from './tree-path.ts';

const path = treePath('/d/file');
const to = treePath('/e/other');
const parent: AffectedPath = { kind: 'attributes', path: treePath('/d') };
const parentOfTo: AffectedPath = { kind: 'attributes', path: treePath('/e') };
const entry: AffectedPath = { kind: 'entry', path };
const attributes: AffectedPath = { kind: 'attributes', path };

const CASES: Record<Operation['kind'], [Operation, AffectedPath[]]> = {
  create: [{ kind: 'create', path, mode: 0o644 }, [entry, parent]],
  mkdir: [{ kind: 'mkdir', path, mode: 0o755 }, [entry, parent]],
  symlink: [{ kind: 'symlink', path, target: 'x' }, [entry, parent]],
  unlink: [{ kind: 'unlink', path }, [entry, parent]],
  rmdir: [{ kind: 'rmdir', path }, [entry, parent]],
  truncate: [{ kind: 'truncate', path, sizeBytes: 5 }, [entry]],
  write: [{ kind: 'write', path, offset: 0, data: Buffer.alloc(1) }, [{ kind: 'extent', path, index: 0 }]],
  link: [{ kind: 'link', path, to }, [{ kind: 'entry', path: to }, parentOfTo]],
  rename: [{ kind: 'rename', path, to }, [entry, { kind: 'entry', path: to }, parent, parentOfTo]],
  chmod: [{ kind: 'chmod', path, mode: 0o644 }, [attributes]],
  chown: [{ kind: 'chown', path, uid: 1, gid: 1 }, [attributes]],
  times: [{ kind: 'times', path, atimeNs: 0n, mtimeNs: 0n }, [attributes]],
  fsync: [{ kind: 'fsync', path, dataOnly: false }, []],
};

describe('affectedBy', () => {
  test.each(OPERATION_KINDS)('%s affects what may be wrong where its outcome is unknown', (kind) => {
    const [operation, expected] = CASES[kind];
    expect(affectedBy(operation, false)).toEqual(expected);
  });

  test('a directory’s rename is one move, and names its parent once where both are the same', () => {
    expect(affectedBy({ kind: 'rename', path, to }, true)).toEqual([
      { kind: 'move', path, to },
      parent,
      parentOfTo,
    ]);
    const sibling = treePath('/d/sibling');
    expect(affectedBy({ kind: 'rename', path, to: sibling }, true)).toEqual([
      { kind: 'move', path, to: sibling },
      parent,
    ]);
  });

  test.each([
    [0, 1, [0]],
    [0, EXTENT_BYTES, [0]],
    [0, EXTENT_BYTES + 1, [0, 1]],
    [EXTENT_BYTES - 1, 1, [0]],
    [EXTENT_BYTES - 1, 2, [0, 1]],
    [EXTENT_BYTES, 1, [1]],
    [3 * EXTENT_BYTES + 5, 2 * EXTENT_BYTES, [3, 4, 5]],
    [EXTENT_BYTES, 0, [1]],
    [2 ** 40, 1, [2 ** 18]],
  ])('a write at %i of %i bytes affects the extents %j', (offset, length, indexes) => {
    const data = Buffer.alloc(length);
    expect(affectedBy({ kind: 'write', path, offset, data }, false)).toEqual(
      indexes.map((index) => ({ kind: 'extent', path, index })),
    );
  });

  test('what changes a file of several names affects it by whatever name it has', () => {
    const [operation, expected] = CASES.chmod;
    expect(affectedBy(operation, false, '7')).toEqual([...expected, { kind: 'inode', path, inode: '7' }]);
    const [unlink, unlinked] = CASES.unlink;
    expect(affectedBy(unlink, false, '7')).toEqual([...unlinked, { kind: 'fresh', path }]);
    const [create, created] = CASES.create;
    expect(affectedBy(create, false, '7')).toEqual(created);
  });

  test('an entry of the root affects the root’s attributes', () => {
    const top = treePath('/top');
    expect(affectedBy({ kind: 'unlink', path: top }, false)).toContainEqual({
      kind: 'attributes',
      path: treePath('/'),
    });
  });
});

describe('keyOf', () => {
  const all: AffectedPath[] = [
    '/',
    '/a',
    '/a b',
    '/a!',
    '/a-b',
    '/a/b',
    '/a/b/c',
    '/aa',
    '/é/ü',
    '/tree',
  ].flatMap((text) => {
    const at = treePath(text);
    return [
      { kind: 'entry', path: at },
      { kind: 'attributes', path: at },
      { kind: 'tree', path: at },
      { kind: 'extent', path: at, index: 2 },
      { kind: 'extent', path: at, index: 10 },
      { kind: 'move', path: at, to: treePath('/x') },
      { kind: 'move', path: at, to: treePath('/y') },
    ] satisfies AffectedPath[];
  });

  test('is unique', () => {
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
  });

  test('sorts every directory before what is below it, and extents in order', () => {
    const sorted = all.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
    for (const [position, { path: at }] of sorted.entries()) {
      const below = at === '/' ? '/' : `${at}/`;
      const earlier = sorted
        .slice(0, position)
        .filter((other) => other.path !== at && other.path.startsWith(below));
      expect(earlier).toEqual([]);
    }
    const extents = sorted.filter((one) => one.kind === 'extent' && one.path === '/a');
    expect(extents.map((one) => (one.kind === 'extent' ? one.index : -1))).toEqual([2, 10]);
  });
});
