import ignore, { type Ignore } from 'ignore';
import { isWithin, ROOT, type TreePath } from './tree-path.ts';

/** The library remembers what it was asked for ever: so many answers are kept. */
const MOST_ANSWERS = 4096;

/**
 * Which paths are local only, by patterns in gitignore syntax that begin at the root of the tree. As with git, all below
 * an excluded directory is excluded.
 */
export class Excludes {
  readonly patterns: readonly string[];
  readonly #places: readonly TreePath[];
  #matcher: Ignore;
  #answers = 0;

  constructor(patterns: readonly string[]) {
    this.patterns = patterns;
    this.#places = patterns.filter((pattern) => /\/(?!$)/.test(pattern)).map(placeOf);
    this.#matcher = ignore({ ignorecase: false }).add(patterns);
  }

  get isEmpty(): boolean {
    return this.patterns.length === 0;
  }

  isBy(patterns: readonly string[]): boolean {
    return (
      patterns.length === this.patterns.length && patterns.every((each, at) => each === this.patterns[at])
    );
  }

  /** Whether any of them may mean something other at or below this directory than elsewhere. */
  distinguish(directory: TreePath): boolean {
    return this.#places.some((place) => isWithin(place, directory) || isWithin(directory, place));
  }

  /** `build/` excludes a directory of that name, but no file: so the answer depends on what is there. */
  has(path: TreePath, isDirectory: boolean): boolean {
    if (this.isEmpty || path === ROOT) return false;
    this.#answers += 1;
    if (this.#answers % MOST_ANSWERS === 0) this.#matcher = ignore({ ignorecase: false }).add(this.#matcher);
    return this.#matcher.ignores(isDirectory ? `${path.slice(1)}/` : path.slice(1));
  }
}

/** What all that the pattern can match is at or below: its parts as far as they stand for themselves. */
function placeOf(pattern: string): TreePath {
  const parts = pattern
    .trimEnd()
    .replace(/^!?\/?/, '')
    .replace(/\/$/, '')
    .split('/');
  const wild = parts.findIndex((part) => /[*?[\\]/.test(part));
  return `/${(wild < 0 ? parts : parts.slice(0, wild)).join('/')}` as TreePath;
}
