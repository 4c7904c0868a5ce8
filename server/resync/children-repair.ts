import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileStat } from '../filesystem/file-tree.ts';
import { childOf, type TreePath } from '../filesystem/tree-path.ts';
import { childrenOf, isFileSystemFolder, type Child } from './children.ts';
import { forEachConcurrently } from './concurrency.ts';
import type { Follow, Repair } from './repair.ts';
import { repairChild } from './tree-repair.ts';

/**
 * The names directly in a directory, after the machine went down while some of them were made and removed: which ones is
 * not known. A directory that only the mirror has goes when it is empty, as what was made in it is noted by itself.
 */
export async function repairChildren(
  repair: Repair,
  { path, sinceMs }: Extract<AffectedPath, { kind: 'children' }>,
  follow: Follow,
): Promise<void> {
  const [here, there] = await Promise.all([repair.here(path), repair.there(path)]);
  const isHere = here?.type === 'directory';
  if (there?.type !== 'directory') return isHere ? follow({ kind: 'tree', path }) : undefined;
  const theirs = new Map<string, FileStat>();
  for await (const child of childrenOf(repair.mirror, path)) {
    if (!isFileSystemFolder(child)) theirs.set(child.name, child.stat);
  }
  if (isHere) {
    await forEachConcurrently(childrenOf(repair.local, path), repair.sending.room.entries, async (child) => {
      const theirStat = theirs.get(child.name);
      theirs.delete(child.name);
      await repairName(repair, child, theirStat, { sinceMs, follow });
    });
  }
  for (const name of theirs.keys()) await repair.entry(childOf(path, name), 'content');
  await repair.attributesOf(path);
}

async function repairName(
  repair: Repair,
  child: Child,
  there: FileStat | undefined,
  { sinceMs, follow }: { sinceMs: number; follow: Follow },
): Promise<void> {
  const { path, stat } = child;
  if (there && (stat.type === 'directory') !== (there.type === 'directory'))
    return repair.entry(path, 'content');
  if (stat.type === 'directory' && there) return repair.attributes(path, stat, there);
  if (stat.type === 'file' && there && (await changedSince(repair, path, sinceMs)))
    return repair.entry(path, 'content');
  await repairChild(repair, child, there, follow);
}

async function changedSince(repair: Repair, path: TreePath, sinceMs: number): Promise<boolean> {
  const { ctimeMs } = await repair.local.lstat(path);
  return Number(ctimeMs) >= sinceMs;
}
