import { AppError } from '../base/errors.ts';
import { affectedBy, type AffectedPath } from '../filesystem/affected-path.ts';
import type { Excludes } from '../filesystem/excludes.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { movedPath, nameableChild, type TreePath } from '../filesystem/tree-path.ts';
import type { LocalFacts } from './local-check.ts';

/** How far an operation reaches. */
export interface Scope {
  /** What it names is excluded: no mirror takes part. */
  readonly isLocalOnly: boolean;
  /** What it changes, or will change, on the mirrors. */
  readonly affected: readonly AffectedPath[];
}

interface Ground {
  readonly local: LocalTree;
  readonly excludes: Excludes;
}

/**
 * Rejects with CROSS_DEVICE, as between two file systems, where the operation would make a file, or anything in a
 * directory, excluded that was not, or the other way round.
 */
export async function scopeOf(operation: Operation, facts: LocalFacts, ground: Ground): Promise<Scope> {
  const { isDirectory, sharedInodes } = facts;
  const affected = affectedBy(operation, isDirectory, sharedInodes?.[0]?.split(':')[1]);
  const { excludes } = ground;
  if (excludes.isEmpty) return { isLocalOnly: false, affected };
  const isLocalOnly = excludes.has(operation.path, isDirectory);
  await checkTarget(operation, isDirectory, isLocalOnly, ground);
  if (!isLocalOnly) return { isLocalOnly, affected };
  // The times of the directories that the mirrors have too follow when they rest, as others do.
  const times = affected.filter(({ kind, path }) => kind === 'attributes' && path !== operation.path);
  return { isLocalOnly, affected: times.filter(({ path }) => !excludes.has(path, true)) };
}

async function checkTarget(
  operation: Operation,
  isDirectory: boolean,
  isLocalOnly: boolean,
  ground: Ground,
): Promise<void> {
  if (operation.kind !== 'rename' && operation.kind !== 'link') return;
  const { path, to } = operation;
  const { excludes } = ground;
  if (excludes.has(to, isDirectory) !== isLocalOnly) throw crossing(path, to);
  // Below an excluded directory all is; most patterns mean the same under both names.
  const mayDiffer = isDirectory && !isLocalOnly && (excludes.distinguish(path) || excludes.distinguish(to));
  if (mayDiffer) await checkBelow(path, to, ground);
}

/** Depth first: what is held is one page of entries for each level. */
async function checkBelow(from: TreePath, to: TreePath, ground: Ground): Promise<void> {
  const { local, excludes } = ground;
  for await (const page of local.list(from)) {
    for (const { name, stat } of page) {
      const path = nameableChild(from, name);
      if (path === undefined) continue;
      const isDirectory = stat.type === 'directory';
      const moved = movedPath(path, from, to);
      const isLocalOnly = excludes.has(path, isDirectory);
      if (excludes.has(moved, isDirectory) !== isLocalOnly) throw crossing(path, moved);
      if (isDirectory && !isLocalOnly) await checkBelow(path, moved, ground);
    }
  }
}

function crossing(from: TreePath, to: TreePath): AppError {
  return new AppError('CROSS_DEVICE', `of ${from} and ${to} only one is excluded from the mirrors`);
}
