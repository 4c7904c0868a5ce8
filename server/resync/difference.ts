import type { FileTree } from '../filesystem/file-tree.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { divergencesOf } from './divergence.ts';
import { pairsOf, type Pair } from './tree-walk.ts';

const NOTHING_KEPT = { owners: false, symlinkAttributes: false };

/**
 * Up to `most` paths in which two replicas differ by a quick comparison: names, types, sizes, mtimes of files and
 * link targets. What only a login may set is left out.
 */
export async function differences(local: FileTree, mirror: FileTree, most: number): Promise<string[]> {
  const found: string[] = [];
  for await (const step of pairsOf(local, mirror, ROOT)) {
    if ('error' in step) throw step.error;
    const difference = step.isBelow ? undefined : await differenceOf(step, local, mirror);
    if (difference) found.push(`${step.path}: ${difference}`);
    if (found.length >= most) break;
  }
  return found;
}

/** A path that only the mirror has, and that was excluded; undefined where there is none. */
export async function extraPath(
  local: FileTree,
  mirror: FileTree,
  wasExcluded: (path: TreePath, isDirectory: boolean) => boolean,
): Promise<TreePath | undefined> {
  for await (const step of pairsOf(local, mirror, ROOT)) {
    if ('error' in step) throw step.error;
    const { path, here, there } = step;
    if (!here && there && wasExcluded(path, there.type === 'directory')) return path;
  }
  return undefined;
}

async function differenceOf(pair: Pair, local: FileTree, mirror: FileTree): Promise<string | undefined> {
  const { path, here, there } = pair;
  if (here?.type === 'symlink' && there?.type === 'symlink') {
    const [mine, theirs] = await Promise.all([local.readLink(path), mirror.readLink(path)]);
    return mine === theirs ? undefined : 'another target';
  }
  const kinds = divergencesOf(path, pair, NOTHING_KEPT);
  if (kinds.includes('extra')) return 'only on the mirror';
  if (kinds.includes('missing')) return 'missing on the mirror';
  if (kinds.includes('type')) return `${here?.type} here, ${there?.type} there`;
  const isOther = here?.type === 'file' && (kinds.includes('size') || kinds.includes('mtime'));
  return isOther ? 'another file' : undefined;
}
