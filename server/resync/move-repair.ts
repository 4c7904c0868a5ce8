import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { Follow, Repair } from './repair.ts';

/**
 * A directory rename that the local tree has and the mirror may not have, or the other way round: renames it
 * there to where the local tree has it. Where the four names leave room for doubt both are compared in full.
 */
export async function repairMove(
  repair: Repair,
  move: Extract<AffectedPath, { kind: 'move' }>,
  follow: Follow,
): Promise<void> {
  const { path, to } = move;
  const [herePath, hereTo, therePath, thereTo] = await Promise.all([
    repair.here(path),
    repair.here(to),
    repair.there(path),
    repair.there(to),
  ]);
  const agree = !herePath === !therePath && !hereTo === !thereTo;
  if (herePath && !therePath && thereTo && thereTo.type === 'directory') await repair.move(to, path);
  else if (!herePath && hereTo && therePath && !thereTo) await repair.move(path, to);
  else if (!agree) {
    follow({ kind: 'tree', path });
    follow({ kind: 'tree', path: to });
  }
  // The directory that a rename replaced was empty, so its entry is all of it.
  if (herePath) await repair.entry(path, 'content');
  if (hereTo) await repair.entry(to, 'content');
}
