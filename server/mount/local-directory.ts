import type { BigIntStats } from 'node:fs';
import type { TreePath } from '../filesystem/tree-path.ts';

/** What the handlers ask of the local replica: where it lies, and what stands there. Nothing here waits for the network. */
export interface LocalDirectory {
  absolute(path: TreePath): string;
  /** lstat(2); rejects with NOT_FOUND where there is nothing. */
  lstat(path: TreePath): Promise<BigIntStats>;
  /** Every name of a file, found by walking the tree: slow, and asked for only when a name has been lost. */
  namesOf(inode: bigint, device: bigint): AsyncIterable<TreePath>;
}
