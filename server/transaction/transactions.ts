import type { Cancellation } from '../base/cancellation.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

export interface RunOptions {
  /** Cancelled when the caller gives up; the transaction is then undone and rejects with the reason. */
  readonly cancellation?: Cancellation;
  /** Runs with the paths locked, before anything is noted or sent; its rejection refuses the operation. */
  readonly precondition?: () => Promise<void>;
  readonly uid?: number;
}

/** What the mount asks of the transaction engine. */
export interface Transactions {
  /**
   * Carries the operation out on the local tree and every required mirror, or on none. Resolves when it is
   * everywhere (P1); rejects with AppError when it is nowhere, or its mirror is stale and being put right (P2).
   */
  run(operation: Operation, options?: RunOptions): Promise<void>;
  /**
   * Gives the mirrors the local mtime of a file that was written to. Never rejects: what can't be set now makes the
   * path stale.
   */
  settle(path: TreePath): Promise<void>;
  /** The same of a file that was closed, within some milliseconds, many files in one train of requests. */
  settleSoon(path: TreePath): void;
}
