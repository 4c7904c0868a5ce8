import { EXTENT_BYTES, type AffectedPath } from '../filesystem/affected-path.ts';
import { parentOf, type TreePath } from '../filesystem/tree-path.ts';
import type { CompareMode } from './comparison.ts';
import { repairChildren } from './children-repair.ts';
import { repairMove } from './move-repair.ts';
import type { Follow, Repair } from './repair.ts';
import { repairTree } from './tree-repair.ts';

/**
 * Makes one affected path of a mirror equal to the local one; what is left to do elsewhere is handed to `follow`, also
 * the mtimes of the directories that hold it where that may be done later, once for many paths.
 */
export async function repairAffected(
  repair: Repair,
  affected: AffectedPath,
  compare: CompareMode,
  follow: Follow,
  parents: 'now' | 'later' = 'now',
): Promise<void> {
  const { path } = affected;
  const directories = () => directoriesOf(repair, path, parents === 'later' ? follow : undefined);
  switch (affected.kind) {
    case 'entry':
      await repair.entry(path, compare);
      return directories();
    case 'attributes':
      return repair.attributesOf(path);
    case 'extent':
      return repair.range({ path, offset: affected.index * EXTENT_BYTES, lengthBytes: EXTENT_BYTES });
    case 'inode':
      return followInode(repair, affected, follow);
    case 'fresh':
      await repair.fresh(path);
      return directories();
    case 'tree':
      await repairTree(repair, path, follow);
      return directories();
    case 'children':
      await repairChildren(repair, affected, follow);
      return directories();
    case 'move':
      return repairMove(repair, affected, follow);
  }
}

/** By its own name the file is repaired for what it is marked with beside; when that leads elsewhere, by any that it has. */
async function followInode(
  repair: Repair,
  { path, inode }: Extract<AffectedPath, { kind: 'inode' }>,
  follow: Follow,
): Promise<void> {
  if ((await repair.here(path)) && (await repair.local.inodeOf(path)) === inode) return;
  for await (const name of repair.local.namesOf(BigInt(inode))) return follow({ kind: 'entry', path: name });
}

/**
 * Replacing a name sets its directory's mtime. That is looked at even where no name was left to replace: an earlier
 * repair may have been killed between the two.
 */
async function directoriesOf(repair: Repair, path: TreePath, follow: Follow | undefined): Promise<void> {
  const here = await repair.here(path);
  const names = here?.type === 'file' ? await repair.namesOf(path) : [path];
  for (const directory of new Set(names.map(parentOf))) {
    if (follow) follow({ kind: 'attributes', path: directory });
    else await repair.attributesOf(directory);
  }
}
