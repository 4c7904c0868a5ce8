import type { FileStat } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { childrenOf, isFileSystemFolder, type Child } from './children.ts';
import { sameFileQuickly } from './comparison.ts';
import { forEachConcurrently } from './concurrency.ts';
import type { Follow, Repair } from './repair.ts';

/** Small files are bound by round trips, so several are on their way at once. */
export const FILES_AT_ONCE = 16;

/**
 * A directory and what stands directly in it; the directories below follow as paths of their own, so the work
 * can stop anywhere and memory is bounded by the largest directory. What the local tree lacks is removed.
 */
export async function repairTree(repair: Repair, path: TreePath, follow: Follow): Promise<void> {
  const [here, there] = await Promise.all([repair.local.stat(path), repair.mirror.stat(path)]);
  if (here?.type !== 'directory') {
    if (there?.type === 'directory') await repair.removeAll(path, there);
    return repair.entry(path, 'content');
  }
  await repair.entry(path, 'quick');
  const theirs = await removeStrangers(repair, path);
  await forEachConcurrently(childrenOf(repair.local, path), FILES_AT_ONCE, (child) =>
    repairChild(repair, child, theirs.get(child.name), follow),
  );
  await repair.attributesOf(path);
}

/** What stands directly in a directory that both have. */
export async function repairChild(
  repair: Repair,
  child: Child,
  there: FileStat | undefined,
  follow: Follow,
): Promise<void> {
  if (child.stat.type === 'directory') {
    if (there && there.type !== 'directory') await repair.removeAll(child.path, there);
    // Made now, so that it changes this directory's mtime before that is set.
    if (there?.type !== 'directory') await repair.entry(child.path, 'quick');
    return follow({ kind: 'tree', path: child.path });
  }
  if (there?.type === 'directory') await repair.removeAll(child.path, there);
  const names = child.stat.type === 'file' ? await repair.namesOf(child.path) : [];
  if (there && names.length === 1 && sameFileQuickly(child.stat, there)) {
    return repair.attributes(child.path, child.stat, there);
  }
  await repair.entry(child.path, 'quick');
}

async function removeStrangers(repair: Repair, path: TreePath): Promise<Map<string, FileStat>> {
  const ours = new Set<string>();
  for await (const child of childrenOf(repair.local, path)) ours.add(child.name);
  const theirs = new Map<string, FileStat>();
  const strangers: Child[] = [];
  for await (const child of childrenOf(repair.mirror, path)) {
    if (ours.has(child.name)) theirs.set(child.name, child.stat);
    else if (!isFileSystemFolder(child)) strangers.push(child);
  }
  for (const stranger of strangers) await repair.removeAll(stranger.path, stranger.stat);
  return theirs;
}
