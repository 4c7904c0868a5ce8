import type { FileTree } from './file-tree.ts';

/** A mirror as it is seen before it is let in: what it is asked for there, and no local tree is. */
export interface MirrorTree extends FileTree {
  /**
   * Makes a small file of the reserved directory, durably: of those who try at once, one. False where there is one already. Until
   * it is written others find it empty.
   */
  createReserved(name: string, content: Buffer): Promise<boolean>;

  /** Prepared at once, and put in place only when `allowed` has resolved; where it rejects, nothing is left of it. */
  writeReserved(name: string, content: Buffer, allowed?: Promise<unknown>): Promise<void>;
}
