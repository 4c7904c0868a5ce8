import { type AppError, asAppError, hasCode } from '../base/errors.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { childrenOf, isFileSystemFolder, type Child } from './children.ts';

/** One path as two replicas have it. */
export interface Pair {
  readonly path: TreePath;
  readonly here: FileStat | undefined;
  readonly there: FileStat | undefined;
  /** Below a directory that only one of the two has: it comes or goes with that. */
  readonly isBelow: boolean;
}

/** A directory that could not be listed on one of the two. */
export interface Unreadable {
  readonly path: TreePath;
  readonly error: AppError;
}

/** Whether a replica holds nothing at all. */
export async function isEmpty(tree: FileTree): Promise<boolean> {
  for await (const child of childrenOf(tree, ROOT)) {
    if (!isFileSystemFolder(child)) return false;
  }
  return true;
}

/**
 * All paths at and below `top` that either replica has, each directory before what is in it. Memory is bounded by the
 * largest directory and the depth of the tree. Rejects when a replica can't be reached any more.
 */
export async function* pairsOf(
  local: FileTree,
  mirror: FileTree,
  top: TreePath,
): AsyncGenerator<Pair | Unreadable, void, undefined> {
  const [here, there] = await Promise.all([local.stat(top), mirror.stat(top)]);
  const first: Pair = { path: top, here, there, isBelow: false };
  yield first;
  const pending = [first].filter(hasDirectory);
  for (let directory = pending.pop(); directory; directory = pending.pop()) {
    try {
      for await (const pair of pairsIn(local, mirror, directory)) {
        yield pair;
        if (hasDirectory(pair)) pending.push(pair);
      }
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.row.retryable || error.code === 'BUG') throw error;
      // Removed or renamed since it was listed: whoever did that has taken care of the mirror.
      if (!hasCode(error, 'NOT_FOUND', 'NOT_A_DIRECTORY')) yield { path: directory.path, error };
    }
  }
}

async function* pairsIn(
  local: FileTree,
  mirror: FileTree,
  { path, here, there }: Pair,
): AsyncGenerator<Pair, void, undefined> {
  const isHere = here?.type === 'directory';
  const isThere = there?.type === 'directory';
  const isBelow = !(isHere && isThere);
  const theirs = new Map<string, Child>();
  if (isThere) for await (const child of childrenOf(mirror, path)) theirs.set(child.name, child);
  if (isHere) {
    for await (const child of childrenOf(local, path)) {
      const other = theirs.get(child.name);
      theirs.delete(child.name);
      // Sockets and the like have no SFTP form.
      if (child.stat.type !== 'other')
        yield { path: child.path, here: child.stat, there: other?.stat, isBelow };
    }
  }
  for (const child of theirs.values()) {
    if (!isFileSystemFolder(child)) yield { path: child.path, here: undefined, there: child.stat, isBelow };
  }
}

function hasDirectory({ here, there }: Pair): boolean {
  return here?.type === 'directory' || there?.type === 'directory';
}
