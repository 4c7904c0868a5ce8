import type { Logger } from '../base/logger.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { isWithin, movedPath } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';

/**
 * Makes whatever the last run left noted stale on every mirror: there it may have been carried out or not, and
 * the local tree says which it is to be. Costs as much as there were intents; a second run finds nothing to do.
 */
export async function recover(options: {
  local: LocalTree;
  journal: Journal;
  mirrors: readonly string[];
  logger: Logger;
}): Promise<void> {
  const { local, journal, mirrors, logger } = options;
  const left = underNewNames(journal.intents.left());
  for (const mirror of mirrors) journal.staleSet(mirror).mark(left);
  // DURABILITY: the stale sets take over before the intents go; both are in one order of commits.
  await journal.flushed();
  journal.intents.dropLeft();
  await local.dropLeftovers();
  if (left.length > 0) logger.info('recovered', { intents: left.length });
}

/** What was noted before its directory was renamed is now looked for under the new name too. */
export function underNewNames(left: readonly AffectedPath[]): AffectedPath[] {
  const all: AffectedPath[] = [];
  for (const affected of left) {
    if (affected.kind === 'move') {
      const { path: from, to } = affected;
      const moved = all.filter(({ kind, path }) => kind !== 'move' && isWithin(path, from));
      all.push(...moved.map((each) => ({ ...each, path: movedPath(each.path, from, to) })));
    }
    all.push(affected);
  }
  return all;
}
