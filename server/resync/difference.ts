import type { FileTree } from '../filesystem/file-tree.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { childrenOf, isFileSystemFolder, type Child } from './children.ts';
import { sameFileQuickly } from './comparison.ts';

/** Whether a replica holds nothing at all. */
export async function isEmpty(tree: FileTree): Promise<boolean> {
  for await (const child of childrenOf(tree, ROOT)) {
    if (!isFileSystemFolder(child)) return false;
  }
  return true;
}

/**
 * Up to `most` paths in which two replicas differ by a quick comparison: names, types, sizes, mtimes of files and
 * link targets. Memory is bounded by the largest directory and the depth of the tree.
 */
export async function differences(local: FileTree, mirror: FileTree, most: number): Promise<string[]> {
  const found: string[] = [];
  const pending: TreePath[] = [ROOT];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const theirs = new Map<string, Child>();
    for await (const child of childrenOf(mirror, directory)) {
      if (!isFileSystemFolder(child)) theirs.set(child.name, child);
    }
    for await (const child of childrenOf(local, directory)) {
      const there = theirs.get(child.name);
      theirs.delete(child.name);
      const difference = await differenceOf(child, there, local, mirror);
      if (difference) found.push(difference);
      else if (child.stat.type === 'directory') pending.push(child.path);
      if (found.length >= most) return found;
    }
    for (const stranger of theirs.values()) {
      found.push(`${stranger.path}: only on the mirror`);
      if (found.length >= most) return found;
    }
  }
  return found;
}

async function differenceOf(
  here: Child,
  there: Child | undefined,
  local: FileTree,
  mirror: FileTree,
): Promise<string | undefined> {
  if (here.stat.type === 'other') return undefined;
  if (!there) return `${here.path}: missing on the mirror`;
  if (here.stat.type !== there.stat.type)
    return `${here.path}: ${here.stat.type} here, ${there.stat.type} there`;
  if (here.stat.type === 'file')
    return sameFileQuickly(here.stat, there.stat) ? undefined : `${here.path}: another file`;
  if (here.stat.type !== 'symlink') return undefined;
  const [mine, other] = await Promise.all([local.readLink(here.path), mirror.readLink(here.path)]);
  return mine === other ? undefined : `${here.path}: another target`;
}
