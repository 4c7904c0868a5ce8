import { hasCode } from '../base/errors.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
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
  const isMissing = repair.takeMissing(path);
  const here = await repair.here(path);
  if (here?.type !== 'directory') {
    const there = await repair.there(path);
    if (there?.type === 'directory') await repair.removeAll(path, there);
    return repair.entry(path, 'content');
  }
  if (isMissing && (await fillWhole(repair, path, here))) return;
  if (isMissing) await repair.newDirectory(path, here);
  const theirs = isMissing ? NOTHING : await removeStrangers(repair, path, await theirsIn(repair, path));
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
  // The root's are looked at beside, as those of the directory that holds a path.
  else if (path !== ROOT) await repair.attributesOf(path);
}

/** Makes the mirror's directory one that can be filled, and answers what is in it. */
async function theirsIn(repair: Repair, path: TreePath): Promise<readonly Child[]> {
  const list = () => collected(repair.mirror, path);
  // RACE: what is to become a directory, or lies behind a symlink, shows other entries before than after. The root is one
  // already, and is listed at once: at a distance each turn counts.
  const early = path === ROOT ? list() : undefined;
  early?.catch(() => {});
  await repair.directory(path);
  // It may have been made readable by that.
  return early?.catch(list) ?? list();
}

async function collected(tree: FileTree, path: TreePath): Promise<readonly Child[]> {
  const children: Child[] = [];
  for await (const child of childrenOf(tree, path)) children.push(child);
  return children;
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
    if (there?.type !== 'directory') repair.noteMissing(path);
    return follow({ kind: 'tree', path });
  }
  const hasOneName = stat.type === 'file' && stat.links === 1;
  if (hasOneName && !there) return repair.newFile(path, stat);
  if (hasOneName && there && sameFileQuickly(stat, there)) return repair.attributes(path, stat, there);
  await repair.entry(path, 'quick');
}

async function removeStrangers(
  repair: Repair,
  path: TreePath,
  present: readonly Child[],
): Promise<Map<string, FileStat>> {
  const ours = new Set<string>();
  for await (const child of childrenOf(repair.local, path)) ours.add(child.name);
  const theirs = new Map<string, FileStat>();
  const strangers: Child[] = [];
  for (const child of present) {
    if (ours.has(child.name)) theirs.set(child.name, child.stat);
    else if (!isFileSystemFolder(child)) strangers.push(child);
  }
  for (const stranger of strangers) await repair.removeAll(stranger.path, stranger.stat);
  return theirs;
}
