import type { DivergenceKind } from '../../shared/states.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { sameContent } from './comparison.ts';
import { divergencesOf, type Kept } from './divergence.ts';
import { isOne, type OtherLink } from './link-comparison.ts';

/** A mirror that can be asked what it holds. */
export interface Witness {
  readonly tree: FileTree;
  /** Whether the path is stale there, so that what is there proves nothing. */
  isPending(path: TreePath): Promise<boolean>;
}

interface Finding {
  readonly path: TreePath;
  readonly kinds: readonly DivergenceKind[];
  readonly there: FileStat | undefined;
  readonly range?: { readonly offset: number; readonly lengthBytes: number };
  readonly otherLink?: OtherLink | undefined;
}

/** These mean that two mirrors don't hold the same thing, whatever the finding is. */
const NEVER_THE_SAME: readonly DivergenceKind[] = ['missing', 'extra', 'type'];

/**
 * Whether every other mirror that can be asked holds what this one does where it differs from the local tree, and there
 * is at least one: then it is rather the local tree that is wrong.
 */
export async function agreeAgainstLocal(
  mirror: Witness,
  others: readonly Witness[],
  finding: Finding,
  kept: Kept,
): Promise<boolean> {
  const answers = await Promise.all(others.map((other) => agrees(mirror, other, finding, kept)));
  const known = answers.filter((answer) => answer !== undefined);
  return known.length > 0 && known.every(Boolean);
}

/** undefined where it can't be asked. */
async function agrees(
  mirror: Witness,
  other: Witness,
  { path, kinds, there, range, otherLink }: Finding,
  kept: Kept,
): Promise<boolean | undefined> {
  try {
    if (await other.isPending(path)) return undefined;
    const theirs = await other.tree.stat(path);
    const between = divergencesOf(path, { here: there, there: theirs }, kept);
    if (between.some((kind) => kinds.includes(kind) || NEVER_THE_SAME.includes(kind))) return false;
    if (kinds.includes('links') && otherLink) {
      const isOneThere = await isOne(other.tree, path, otherLink.name);
      if (isOneThere !== otherLink.isOneThere) return isOneThere === undefined ? undefined : false;
    }
    if (kinds.includes('target'))
      return (await mirror.tree.readLink(path)) === (await other.tree.readLink(path));
    if (!kinds.includes('content') || !range) return true;
    return await sameContent(mirror.tree, other.tree, { path, ...range });
  } catch {
    return undefined;
  }
}
