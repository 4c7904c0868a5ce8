import { describe, expect, it } from 'vitest';
import { Excludes } from './excludes.ts';
import { ROOT, treePath } from './tree-path.ts';

/** A path with a slash at its end is a directory. */
function isExcluded(patterns: readonly string[], path: string): boolean {
  const isDirectory = path.endsWith('/');
  return new Excludes(patterns).has(treePath(isDirectory ? path.slice(0, -1) : path), isDirectory);
}

describe('what is excluded', () => {
  it.each([
    ['*.tmp', '/a.tmp', '/deep/down/b.tmp', '/dir.tmp/', '/dir.tmp/file'],
    ['cache/', '/cache/', '/cache/file', '/deep/cache/', '/deep/cache/below/file'],
    ['/build', '/build', '/build/', '/build/file'],
    ['logs/*.log', '/logs/a.log'],
    ['/a/**/z', '/a/z', '/a/b/z', '/a/b/c/z/below'],
    ['\\#note', '/#note'],
    ['[ab].txt', '/a.txt', '/deep/b.txt'],
    ['file with space', '/file with space'],
    ['*', '/anything', '/any/depth'],
    ['größe', '/größe'],
  ])('by %s', (pattern, ...paths) => {
    expect(paths.filter((path) => !isExcluded([pattern], path))).toEqual([]);
  });

  it.each([
    ['*.tmp', '/a.TMP', '/tmp', '/a.tmpl'],
    ['cache/', '/cache', '/caches/', '/deep/cache'],
    ['/build', '/deep/build', '/builds'],
    ['logs/*.log', '/logs/deep/a.log', '/deep/logs/a.log'],
    ['a?c', '/a/c', '/ac'],
    ['*', '/'],
  ])('is not, by %s', (pattern, ...paths) => {
    expect(paths.filter((path) => path !== '/' && isExcluded([pattern], path))).toEqual([]);
    expect(new Excludes([pattern]).has(ROOT, true)).toBe(false);
  });

  it('comes back by a later pattern, but not from an excluded directory', () => {
    expect(isExcluded(['*.log', '!keep.log'], '/keep.log')).toBe(false);
    expect(isExcluded(['!keep.log', '*.log'], '/keep.log')).toBe(true);
    expect(isExcluded(['/logs/', '!/logs/keep.log'], '/logs/keep.log')).toBe(true);
    expect(isExcluded(['/logs/*', '!/logs/keep.log'], '/logs/keep.log')).toBe(false);
  });

  it('stays the same however many paths were asked for', () => {
    const excludes = new Excludes(['*.tmp', '!keep.tmp']);
    const wrong = Array.from({ length: 20_000 }, (_, index) =>
      treePath(`/d${index % 7}/f${index}.tmp`),
    ).filter((path) => !excludes.has(path, false) || excludes.has(treePath('/keep.tmp'), false));
    expect(wrong).toEqual([]);
  });
});

it.each([
  [['*.tmp', 'cache/', '!keep'], false],
  [['/cache'], true],
  [['*.tmp', 'a/b'], true],
  [['!/a/b/'], true],
])('patterns %j depend on the place: %s', (patterns, dependOnPlace) => {
  expect(new Excludes(patterns).dependOnPlace).toBe(dependOnPlace);
});
