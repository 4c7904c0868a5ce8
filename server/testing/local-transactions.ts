import type { AppError } from '../base/errors.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { RunOptions, Transactions } from '../transaction/transactions.ts';

/**
 * A transaction engine without mirrors: one operation at a time on the local tree, checked under its lock, and
 * a record of what was asked, so that a test of the mount can say what would have reached the mirrors.
 */
export class LocalTransactions implements Transactions {
  readonly operations: Operation[] = [];
  readonly settled: TreePath[] = [];
  /** Runs before the lock is taken: what comes in between there is what real requests race with. */
  beforeLock: ((operation: Operation) => Promise<void>) | undefined;
  /** Answers the reason to refuse an operation, as a failing mirror would give it. */
  refuse: ((operation: Operation) => AppError | undefined) | undefined;
  /** What telling the mirrors an mtime waits for. */
  beforeSettling: (() => Promise<void>) | undefined;
  readonly #tree: LocalTree;
  #last: Promise<void> = Promise.resolve();

  constructor(tree: LocalTree) {
    this.#tree = tree;
  }

  async run(operation: Operation, { precondition, cancellation }: RunOptions = {}): Promise<void> {
    await this.beforeLock?.(operation);
    const done = this.#last.then(async () => {
      cancellation?.throwIfCancelled();
      await precondition?.();
      const reason = this.refuse?.(operation);
      if (reason) throw reason;
      await this.#tree.apply(operation);
      this.operations.push(withoutContent(operation));
    });
    this.#last = done.catch(() => {});
    await done;
  }

  async settle(path: TreePath): Promise<void> {
    this.settled.push(path);
    await this.beforeSettling?.();
  }

  settleSoon(path: TreePath): void {
    this.settled.push(path);
  }
}

/** A long run must not keep all that was ever written. */
function withoutContent(operation: Operation): Operation {
  return operation.kind === 'write' ? { ...operation, data: Buffer.alloc(0) } : operation;
}
