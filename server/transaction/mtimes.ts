import { movedPath, isWithin, parentOf, type TreePath } from '../filesystem/tree-path.ts';
import type { Operation } from '../filesystem/operation.ts';

interface Lag {
  lastChangeMs: number;
  changes: number;
}

/** The most paths kept; beyond it the oldest are offered at once. */
const MOST_PATHS = 50_000;

/**
 * The files and directories whose mtime the local file system set by itself (a write, a name made or removed)
 * and the mirrors by their own clocks: their mtimes have to be carried over when they come to rest.
 */
export class LaggingMtimes {
  readonly #paths = new Map<TreePath, Lag>();

  /** Follows a committed operation. */
  follow(operation: Operation, nowMs: number): void {
    switch (operation.kind) {
      case 'write':
      case 'truncate':
        return this.#lags(operation.path, nowMs);
      case 'times':
        this.#paths.delete(operation.path);
        return;
      case 'chmod':
      case 'chown':
      case 'fsync':
        return;
      case 'unlink':
      case 'rmdir':
        this.#paths.delete(operation.path);
        return this.#lags(parentOf(operation.path), nowMs);
      case 'rename':
        this.#move(operation.path, operation.to);
        this.#lags(parentOf(operation.path), nowMs);
        return this.#lags(parentOf(operation.to), nowMs);
      case 'link':
        return this.#lags(parentOf(operation.to), nowMs);
      case 'create':
      case 'mkdir':
      case 'symlink':
        this.#lags(operation.path, nowMs);
        return this.#lags(parentOf(operation.path), nowMs);
    }
  }

  has(path: TreePath): boolean {
    return this.#paths.has(path);
  }

  /** How often the path has changed, or undefined when its mtime is the same everywhere. */
  changesOf(path: TreePath): number | undefined {
    return this.#paths.get(path)?.changes;
  }

  /** The mtime was carried over as it was after so many changes; a later change keeps the path here. */
  settled(path: TreePath, changes: number): void {
    if (this.#paths.get(path)?.changes === changes) this.#paths.delete(path);
  }

  /** Up to `limit` paths at rest since `beforeMs`, or the oldest ones when there are too many. */
  restingSince(beforeMs: number, limit: number): TreePath[] {
    const resting: TreePath[] = [];
    const tooMany = this.#paths.size > MOST_PATHS;
    for (const [path, lag] of this.#paths) {
      if (tooMany || lag.lastChangeMs < beforeMs) resting.push(path);
      if (resting.length >= limit) break;
    }
    return resting;
  }

  /** Those at or below `directory`. */
  within(directory: TreePath): TreePath[] {
    return [...this.#paths.keys()].filter((path) => isWithin(path, directory));
  }

  get size(): number {
    return this.#paths.size;
  }

  #lags(path: TreePath, nowMs: number): void {
    const lag = this.#paths.get(path);
    if (!lag) {
      this.#paths.set(path, { lastChangeMs: nowMs, changes: 1 });
      return;
    }
    lag.lastChangeMs = nowMs;
    lag.changes += 1;
  }

  #move(from: TreePath, to: TreePath): void {
    this.#paths.delete(to);
    for (const [path, lag] of [...this.#paths]) {
      if (!isWithin(path, from)) continue;
      this.#paths.delete(path);
      this.#paths.set(movedPath(path, from, to), lag);
    }
  }
}
