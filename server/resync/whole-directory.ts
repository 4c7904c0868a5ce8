import { hasCode } from '../base/errors.ts';
import type { FileStat } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { type Child, childrenOf } from './children.ts';
import type { Repair } from './repair.ts';

/** Of larger ones the files are many enough to keep a line busy one by one. */
const MOST_FILES = 128;
const MOST_BYTES = 512 * 1024;
const LARGEST_BYTES = 64 * 1024;

/**
 * A directory that the mirror lacks, with all that is in it, in one step: where that is few small files of one name each, and
 * the mirror can. False where it is to be made and filled name by name. What changes in it meanwhile is marked by its own name.
 */
export async function fillWhole(repair: Repair, path: TreePath, here: FileStat): Promise<boolean> {
  const { sending } = repair;
  const children = sending.fillsWhole && (await sending.listing(() => fewSmallFiles(repair, path)));
  if (!children) return false;
  try {
    return await repair.fill(path, here, children);
  } catch (error) {
    // Removed since it was listed.
    if (!hasCode(error, 'NOT_FOUND')) throw error;
    return false;
  }
}

async function fewSmallFiles(repair: Repair, path: TreePath): Promise<readonly Child[] | undefined> {
  const children: Child[] = [];
  let bytes = 0;
  for await (const child of childrenOf(repair.local, path)) {
    const { type, links, sizeBytes } = child.stat;
    bytes += sizeBytes;
    if (type !== 'file' || links !== 1 || sizeBytes > LARGEST_BYTES) return undefined;
    if (bytes > MOST_BYTES || children.push(child) > MOST_FILES) return undefined;
  }
  return children.length > 0 ? children : undefined;
}
