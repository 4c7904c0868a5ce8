import { hasCode } from '../base/errors.ts';
import type { FileStat } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { childrenOf, isFileSystemFolder, type Child } from './children.ts';
import { sameFileQuickly } from './comparison.ts';
import { forEachConcurrently } from './concurrency.ts';
import type { Follow, Repair } from './repair.ts';
import { fillWhole } from './whole-directory.ts';

const NOTHING: ReadonlyMap<string, FileStat> = new Map();

/**
 * A directory and what stands directly in it; the directories below follow as paths of their own, so the work
 * can stop anywhere and memory is bounded by the largest directory. What the local tree lacks is removed.
 */
export async function repairTree(repair: Repair, path: TreePath, follow: Follow): Promise<void> {
  const isNew = repair.takeMade(path);
  const here = await repair.here(path);
  if (here?.type !== 'directory') {
    const there = await repair.there(path);
    if (there?.type === 'directory') await repair.removeAll(path, there);
    return repair.entry(path, 'content');
  }
  if (!isNew) await repair.entry(path, 'quick');
  if (isNew && (await fillWhole(repair, path, here))) return repair.attributesOf(path);
  const theirs = isNew ? NOTHING : await removeStrangers(repair, path);
  let goesOnBelow = false;
  const followChild: Follow = (affected) => {
    goesOnBelow ||= affected.kind === 'tree';
    follow(affected);
  };
  await forEachConcurrently(childrenOf(repair.local, path), repair.sending.room.entries, (child) =>
    repairChild(repair, child, theirs.get(child.name), followChild),
  );
  // What is done below may touch it again, and needn't wait for it.
  if (goesOnBelow) follow({ kind: 'attributes', path });
  else await repair.attributesOf(path);
}

/** What stands directly in a directory that both have. */
export async function repairChild(
  repair: Repair,
  child: Child,
  there: FileStat | undefined,
  follow: Follow,
): Promise<void> {
  try {
    await repairPresent(repair, child, there, follow);
  } catch (error) {
    // Removed since it was listed: whoever did that has taken care of the mirror.
    if (!hasCode(error, 'NOT_FOUND') || (await repair.here(child.path))) throw error;
  }
}

async function repairPresent(
  repair: Repair,
  child: Child,
  there: FileStat | undefined,
  follow: Follow,
): Promise<void> {
  const { path, stat } = child;
  if (there && stat.type !== there.type && (stat.type === 'directory' || there.type === 'directory'))
    await repair.removeAll(path, there);
  if (stat.type === 'directory') {
    // Made now, so that it changes this directory's mtime before that is set.
    if (there?.type !== 'directory') await repair.newDirectory(path, stat);
    return follow({ kind: 'tree', path });
  }
  const hasOneName = stat.type === 'file' && stat.links === 1;
  if (hasOneName && !there) return repair.newFile(path, stat);
  if (hasOneName && there && sameFileQuickly(stat, there)) return repair.attributes(path, stat, there);
  await repair.entry(path, 'quick');
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
