import { EXTENT_BYTES, type AffectedPath } from '../filesystem/affected-path.ts';
import { parentOf, type TreePath } from '../filesystem/tree-path.ts';
import type { CompareMode } from './comparison.ts';
import { repairChildren } from './children-repair.ts';
import { repairMove } from './move-repair.ts';
import type { Follow, Repair } from './repair.ts';
import { repairTree } from './tree-repair.ts';

/** Makes one affected path of a mirror equal to the local one; what is left to do elsewhere is handed to `follow`. */
export async function repairAffected(
  repair: Repair,
  affected: AffectedPath,
  compare: CompareMode,
  follow: Follow,
): Promise<void> {
  const { path } = affected;
  switch (affected.kind) {
    case 'entry':
      await repair.entry(path, compare);
      return directoriesOf(repair, path);
    case 'attributes':
      return repair.attributesOf(path);
    case 'extent':
      return repair.range({ path, offset: affected.index * EXTENT_BYTES, lengthBytes: EXTENT_BYTES });
    case 'tree':
      await repairTree(repair, path, follow);
      return directoriesOf(repair, path);
    case 'children':
      await repairChildren(repair, affected, follow);
      return directoriesOf(repair, path);
    case 'move':
      return repairMove(repair, affected, follow);
  }
}

/**
 * Replacing a name sets its directory's mtime. That is looked at even where no name was left to replace: an earlier
 * repair may have been killed between the two.
 */
async function directoriesOf(repair: Repair, path: TreePath): Promise<void> {
  const here = await repair.local.stat(path);
  const names = here?.type === 'file' ? await repair.namesOf(path) : [path];
  for (const directory of new Set(names.map(parentOf))) await repair.attributesOf(directory);
}
