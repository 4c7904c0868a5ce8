import type { BigIntStats } from 'node:fs';
import { hasCode } from '../base/errors.ts';
import { hasErrno } from './errno.ts';
import { entriesOf } from './local-listing.ts';
import type { LocalPaths } from './local-paths.ts';
import { Pace } from './pace.ts';
import { nameableChild, ROOT, type TreePath } from './tree-path.ts';

/** A file with several names. */
interface LinkedName {
  readonly path: TreePath;
  readonly stat: BigIntStats;
}

/** The names of one inode inside the tree; the walk ends with the last of them. */
export async function* namesOf(
  paths: LocalPaths,
  inode: bigint,
  device: bigint | undefined,
): AsyncGenerator<TreePath> {
  let found = 0n;
  for await (const { path, stat } of filesBelow(paths, ROOT)) {
    if (stat.ino !== inode || (device !== undefined && stat.dev !== device)) continue;
    yield path;
    if (++found >= stat.nlink) return;
  }
}

/** Every file with more than one link, by `device:inode`: its names inside the tree. */
export async function hardLinkGroups(paths: LocalPaths): Promise<Map<string, TreePath[]>> {
  const groups = new Map<string, TreePath[]>();
  for await (const { path, stat } of filesBelow(paths, ROOT)) {
    if (stat.nlink <= 1n) continue;
    const key = `${stat.dev}:${stat.ino}`;
    const names = groups.get(key);
    if (names) names.push(path);
    else groups.set(key, [path]);
  }
  return groups;
}

/** Depth first: what is held is one page of entries for each level. */
async function* filesBelow(
  paths: LocalPaths,
  directory: TreePath,
  pace = new Pace(),
): AsyncGenerator<LinkedName> {
  try {
    for await (const page of entriesOf(paths.absolute(directory), directory === ROOT, pace)) {
      for (const { name, stat } of page) {
        const path = nameableChild(directory, name);
        if (path === undefined) continue;
        if (stat.isDirectory()) yield* filesBelow(paths, path, pace);
        else yield { path, stat };
      }
    }
  } catch (error) {
    // Removed or replaced during the walk.
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR') && !hasCode(error, 'NOT_A_DIRECTORY', 'NAME_TOO_LONG'))
      throw error;
  }
}
