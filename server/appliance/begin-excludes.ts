import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Excludes } from '../filesystem/excludes.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';

/**
 * To be called at each start, before anything changes: other paths may be excluded than before. Each mirror is compared
 * when it is let in the next time, whenever that is. Rejects with CONFIG_INVALID where a file has names on both sides.
 */
export async function beginExcludes(options: {
  journal: Journal;
  local: LocalTree;
  excludes: Excludes;
  mirrors: readonly string[];
  logger: Logger;
}): Promise<void> {
  const { journal, local, excludes, mirrors, logger } = options;
  const noted = mirrors.map((mirror) => ({ mirror, lists: journal.excludesOf(mirror) }));
  const isAsBefore =
    noted.length > 0 && noted.every(({ lists }) => lists.length === 1 && excludes.isBy(lists[0] ?? []));
  if (!isAsBefore) await refuseSharedFiles(local, excludes);
  const others = noted.filter(({ lists }) => lists.length > 0 && !lists.some((list) => excludes.isBy(list)));
  for (const { mirror } of others) await journal.noteExcludes(mirror, excludes.patterns);
  if (others.length > 0) {
    const meaning = 'what is excluded now stays on the mirrors as it is; what no longer is, is compared';
    logger.info('excludes-changed', { exclude: excludes.patterns.join(' '), meaning });
  }
}

/**
 * A change by an excluded name of such a file would have to reach its other names on the mirrors. No such file can be made
 * later: a link or rename across the border is refused.
 */
async function refuseSharedFiles(local: LocalTree, excludes: Excludes): Promise<void> {
  if (excludes.isEmpty) return;
  const isExcluded = (name: TreePath) => excludes.has(name, false);
  for (const names of (await local.walkHardLinks()).values()) {
    const excluded = names.find(isExcluded);
    const included = names.find((name) => !isExcluded(name));
    if (excluded === undefined || included === undefined) continue;
    throw new AppError(
      'CONFIG_INVALID',
      `exclude: ${excluded} and ${included} are names of one file, and only the first is excluded: exclude both, or neither, or make them two files`,
    );
  }
}
