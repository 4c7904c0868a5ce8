import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';

/** So many are remembered; others are looked at again. */
const MOST_KNOWN = 50_000;

/**
 * Entries of a mirror as they are reached through directories alone. What lies behind a symlink is not of the tree, or goes
 * by another name: a path that was noted before a directory became a symlink names nothing any more, and must not be
 * followed to somebody else's files. What was found a directory is taken for one until it is forgotten.
 */
export class RealDirectories {
  readonly #tree: FileTree;
  readonly #known = new Set<TreePath>([ROOT]);

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** undefined where nothing is, also where an ancestor is no directory. */
  async stat(path: TreePath): Promise<FileStat | undefined> {
    const unknown = ancestorsOf(path).filter((ancestor) => !this.#known.has(ancestor));
    // At once, as each is a round trip; below a symlink that leads to itself nothing can be looked at.
    const looks = await Promise.allSettled([...unknown, path].map((each) => this.#tree.stat(each)));
    const found = looks.pop();
    for (const [k, look] of looks.entries()) {
      const ancestor = unknown[k];
      if (!ancestor || !this.#isDirectory(ancestor, valueOf(look))) return undefined;
    }
    const stat = found && valueOf(found);
    this.#isDirectory(path, stat);
    return stat;
  }

  /** Whether what is put at `path` comes to stand in a directory of the tree. */
  async reach(path: TreePath): Promise<boolean> {
    const parent = parentOf(path);
    return this.#known.has(parent) || (await this.stat(parent))?.type === 'directory';
  }

  /** It has been removed, empty as it was. */
  forget(path: TreePath): void {
    this.#known.delete(path);
  }

  /** A directory has moved, with all below it. */
  forgetAll(): void {
    this.#known.clear();
    this.#known.add(ROOT);
  }

  #isDirectory(path: TreePath, stat: FileStat | undefined): boolean {
    const isDirectory = stat?.type === 'directory';
    if (isDirectory && this.#known.size < MOST_KNOWN) this.#known.add(path);
    return isDirectory;
  }
}

/** The same of the local tree, which its writers may change at any moment. */
export async function statLocally(local: LocalTree, path: TreePath): Promise<FileStat | undefined> {
  for (const ancestor of ancestorsOf(path)) {
    if (local.statNow(ancestor)?.type !== 'directory') return undefined;
  }
  return local.stat(path);
}

/** The highest first, without the root. */
function ancestorsOf(path: TreePath): TreePath[] {
  const parent = parentOf(path);
  return parent === ROOT ? [] : [...ancestorsOf(parent), parent];
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
