import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRandomTree } from './random-tree.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';

let temp: TempDirectory;

beforeEach(async () => {
  temp = await tempDirectory('random-tree');
});

afterEach(() => temp.remove());

function newRoot(name: string): string {
  const root = join(temp.path, name);
  mkdirSync(root);
  return root;
}

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

function allBelow(root: string, below = ''): Found[] {
  return readdirSync(join(root, below)).flatMap((name) => {
    const path = join(below, name);
    const stats = lstatSync(join(root, path));
    return [{ path, stats }, ...(stats.isDirectory() ? allBelow(root, path) : [])];
  });
}

/** Everything that a seed decides, in one line per entry; targets are compared without the root. */
function summary(root: string): string {
  const lines = allBelow(root).map(({ path, stats }) => {
    const content = stats.isFile()
      ? createHash('sha256')
          .update(readFileSync(join(root, path)))
          .digest('hex')
      : '';
    const target = stats.isSymbolicLink() ? readlinkSync(join(root, path)).replaceAll(root, 'ROOT') : '';
    const size = stats.isFile() ? stats.size : 0;
    return JSON.stringify([path, stats.mode, stats.nlink, stats.uid, size, stats.mtimeMs, content, target]);
  });
  return lines.toSorted().join('\n');
}

describe('a random tree', () => {
  it('holds what it says, of every kind', () => {
    const root = newRoot('tree');
    const tree = buildRandomTree(root, { files: 1500, seed: 7 });
    const found = allBelow(root);
    const files = found.filter(({ stats }) => stats.isFile());
    expect(files).toHaveLength(1500);
    expect(tree.files).toBe(1500);
    expect(found.filter(({ stats }) => stats.isDirectory())).toHaveLength(tree.directories);
    expect(found.filter(({ stats }) => stats.isSymbolicLink())).toHaveLength(tree.symlinks);
    const inodes = new Set(files.map(({ stats }) => stats.ino));
    expect(files.length - inodes.size).toBe(tree.hardLinks);
    expect(tree.hardLinks).toBeGreaterThan(10);
    const modes = new Set(files.map(({ stats }) => stats.mode & 0o7777));
    for (const mode of [0o000, 0o444, 0o2755, 0o4755]) expect(modes).toContain(mode);
    expect(found.some(({ stats }) => stats.isDirectory() && (stats.mode & 0o7777) === 0o1777)).toBe(true);
    const names = found.map(({ path }) => path.split('/').at(-1) ?? '');
    expect(names.some((name) => Buffer.byteLength(name) === 255)).toBe(true);
    for (const part of ['\n', '"', '\\', ' ', '🙂', 'ß']) {
      expect(names.some((name) => name.includes(part))).toBe(true);
    }
    expect(files.some(({ stats }) => stats.size === 0)).toBe(true);
    const usedDirectories = new Set(found.map(({ path }) => join(path, '..')));
    expect(found.some(({ path, stats }) => stats.isDirectory() && !usedDirectories.has(path))).toBe(true);
    expect(Math.max(...files.map(({ stats }) => stats.mtimeMs))).toBeLessThan(Date.UTC(2024, 0, 1));
  });

  it('is the same for the same seed, and another for another', () => {
    const roots = ['first', 'second', 'third'].map(newRoot);
    const [first, second, third] = roots.map((root, index) => {
      buildRandomTree(root, { files: 300, seed: index === 2 ? 6 : 5 });
      return summary(root);
    });
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});
