import { asAppError } from '../base/errors.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { childrenOf } from './children.ts';

/** How much there is at and below a path. */
export interface TreeSize {
  readonly entries: number;
  /** Of the content of all files, under each of their names. */
  readonly bytes: number;
}

/** Counts while things change, so it is a guess. `turn` is called before each directory and may throw to end it. */
export async function treeSizeOf(
  tree: FileTree,
  top: TreePath,
  turn: () => Promise<void>,
): Promise<TreeSize> {
  const here = await tree.stat(top);
  let [entries, bytes] = [here ? 1 : 0, here?.type === 'file' ? here.sizeBytes : 0];
  const pending = here?.type === 'directory' ? [top] : [];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    await turn();
    try {
      for await (const { path, stat } of childrenOf(tree, directory)) {
        if (stat.type === 'other') continue;
        entries += 1;
        if (stat.type === 'file') bytes += stat.sizeBytes;
        if (stat.type === 'directory') pending.push(path);
      }
    } catch (thrown) {
      // Gone meanwhile, or not to be read: whoever compares it says so.
      if (asAppError(thrown).code === 'BUG') throw thrown;
    }
  }
  return { entries, bytes };
}
