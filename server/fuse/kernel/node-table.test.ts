import { beforeEach, describe, expect, it } from 'vitest';
import type { Attributes } from '../driver.ts';
import type { Node } from './node.ts';
import { NodeTable } from './node-table.ts';

const DIRECTORY = 0o040_755;
const FILE = 0o100_644;

let table: NodeTable;
let root: Node;

function attributes(inode: number, mode = FILE, device = 1n): Attributes {
  const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n };
  const sizes = { sizeBytes: 0, blocks: 0, blockSizeBytes: 4096 };
  return { inode: BigInt(inode), device, mode, links: 1, uid: 0, gid: 0, ...sizes, ...times };
}

/** Looks a name up, as the kernel hears of it. */
function tell(parent: Node, name: string, inode: number, mode = FILE): Node {
  const node = table.found(parent, name, attributes(inode, mode));
  node.lookups++;
  return node;
}

beforeEach(() => {
  table = new NodeTable();
  table.start(attributes(2, DIRECTORY));
  root = table.get(1);
});

describe('the node table', () => {
  it('holds nothing after a million lookups that were forgotten', () => {
    for (let count = 0; count < 1_000_000; count++) {
      const node = tell(root, `f${count % 1000}`, count + 3);
      if (count >= 500) table.forget(node.id - 500, 1);
    }
    for (const node of [...table.all()]) table.forget(node.id, 1);
    expect(table.size).toBe(1);
    expect(root.children.size).toBe(0);
  });

  it('keeps a directory for its children, and lets both go together', () => {
    const directory = tell(root, 'd', 10, DIRECTORY);
    const file = tell(directory, 'f', 11);
    table.forget(directory.id, 1);
    expect(table.pathOf(file)).toBe('/d/f');
    table.forget(file.id, 1);
    expect(table.size).toBe(1);
  });

  it('never lets more be forgotten than was told, nor the root', () => {
    const file = tell(root, 'f', 11);
    table.forget(file.id, 5);
    table.forget(file.id, 5);
    table.forget(1, 5);
    expect(table.size).toBe(1);
    expect(() => table.get(file.id)).toThrow('Stale');
  });

  it('uses any living name of a file with several', () => {
    const one = tell(root, 'one', 11);
    expect(tell(root, 'two', 11)).toBe(one);
    expect(table.pathOf(one)).toBe('/two');
    table.removed(root, 'two');
    expect(table.pathOf(one)).toBe('/one');
    table.removed(root, 'one');
    expect(table.pathOf(one)).toBeUndefined();
  });

  it('bounds the names that a file is known by', () => {
    const file = tell(root, 'first', 11);
    for (let count = 0; count < 1000; count++) tell(root, `name${count}`, 11);
    expect(file.names.length).toBeLessThan(200);
    expect(root.children.size).toBe(file.names.length);
    expect(table.pathOf(file)).toBe('/name999');
  });

  it('gives a freed inode number to a new node, unless the file is still open', () => {
    const gone = tell(root, 'f', 11);
    table.removed(root, 'f');
    const next = tell(root, 'f', 11);
    expect(next).not.toBe(gone);
    table.removed(root, 'f');
    next.opened(1, { writable: true, written: false, borrowers: new Set() });
    expect(tell(root, 'again', 11)).toBe(next);
  });

  it('takes what was just made for new even where a removed name has not been noted yet', () => {
    const old = tell(root, 'old', 11);
    expect(table.made(root, 'new', attributes(11))).not.toBe(old);
    expect(tell(root, 'other', 12, DIRECTORY)).not.toBe(tell(root, 'file', 12));
  });

  it('moves a name whatever lookups saw the rename before it was noted', () => {
    const directory = tell(root, 'd', 10, DIRECTORY);
    const file = tell(root, 'f', 11);
    const replaced = tell(directory, 'g', 12);
    table.removed(root, 'f');
    table.renamed(file, [root, 'f'], [directory, 'g']);
    expect(table.pathOf(file)).toBe('/d/g');
    expect(table.pathOf(replaced)).toBeUndefined();
    tell(root, 'h', 11);
    table.renamed(file, [directory, 'g'], [root, 'h']);
    expect(file.names.map(({ name }) => name)).toEqual(['h']);
  });

  it('tells files of several devices apart, also in the numbers it shows', () => {
    const here = attributes(11);
    const there = attributes(11, FILE, 7n);
    expect(table.found(root, 'a', here)).not.toBe(table.found(root, 'b', there));
    expect(table.shownInode(here)).toBe(11n);
    expect(table.shownInode(there)).not.toBe(11n);
  });

  it('refuses paths that are too long', () => {
    let deepest = root;
    for (let depth = 0; depth < 20; depth++) deepest = tell(deepest, 'x'.repeat(250), 100 + depth, DIRECTORY);
    expect(() => table.pathOf(deepest)).toThrow('too long');
  });
});
