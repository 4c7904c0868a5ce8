import { EXTENT_BYTES, type AffectedPath } from '../filesystem/affected-path.ts';
import type { CompareMode } from './comparison.ts';
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
      return repair.entry(path, compare);
    case 'attributes':
      return repair.attributesOf(path);
    case 'extent':
      return repair.range({ path, offset: affected.index * EXTENT_BYTES, lengthBytes: EXTENT_BYTES });
    case 'tree':
      return repairTree(repair, path, follow);
    case 'move':
      return repairMove(repair, affected, follow);
  }
}
