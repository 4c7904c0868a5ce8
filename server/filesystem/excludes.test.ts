import { describe, expect, it } from 'vitest';
import { Excludes } from './excludes.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { movedPath, ROOT, treePath, type TreePath } from './tree-path.ts';

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
  [['*.tmp', 'cache/', '!keep'], '/any', false],
  [['/cache'], '/any', false],
  [['/cache/'], '/', true],
  [['a/b'], '/a', true],
  [['a/b '], '/a/b', true],
  [['*.tmp', '!/a/b/*.log'], '/a/b/c/d', true],
  [['/a/b'], '/a/c', false],
  [['/a*/b'], '/any', true],
  [['**/b'], '/any', true],
  [['/\\a/b'], '/any', true],
])('patterns %j mean something other in %s than elsewhere: %s', (patterns, directory, answer) => {
  expect(new Excludes(patterns).distinguish(treePath(directory))).toBe(answer);
});

/** Any pattern over few names, so that many of them meet. */
function randomPattern(random: SeededRandom): string {
  const part = () => random.pick(['a', 'b', 'c', 'a', 'b', 'c', '*', '**', '?', '[ab]', 'a*', '\\b']);
  const body = Array.from({ length: 1 + random.below(3) }, part).join('/');
  return `${random.pick(['', '', '!'])}${random.pick(['', '/'])}${body}${random.pick(['', '/'])}`;
}

function randomPath(random: SeededRandom, depth: number): TreePath {
  return treePath(`/${Array.from({ length: depth }, () => random.pick(['a', 'b', 'c'])).join('/')}`);
}

it('lets no directory move in which something changes sides, where patterns do not distinguish its names', () => {
  const random = new SeededRandom(Number(process.env['PROXYFS_TEST_SEED'] ?? 7));
  let moves = 0;
  for (let k = 0; k < 20_000; k += 1) {
    const patterns = Array.from({ length: 1 + random.below(3) }, () => randomPattern(random));
    const excludes = new Excludes(patterns);
    const [from, to] = [randomPath(random, 1 + random.below(2)), randomPath(random, 1 + random.below(2))];
    if ([from, to].some((path) => excludes.has(path, true) || excludes.distinguish(path))) continue;
    moves += 1;
    const below = treePath(from + randomPath(random, 1 + random.below(2)));
    for (const isDirectory of [true, false])
      expect(
        excludes.has(movedPath(below, from, to), isDirectory),
        `${patterns.join(' ')} ${below} ${to}`,
      ).toBe(excludes.has(below, isDirectory));
  }
  expect(moves).toBeGreaterThan(1000);
});
