import { fstatSync, type BigIntStats } from 'node:fs';
import { AppError, hasCode } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { Caller } from '../fuse/driver.ts';
import type { RunOptions, Transactions } from '../transaction/transactions.ts';
import { isSameFile } from './attributes.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { OpenFile, OpenFiles } from './open-files.ts';

/** A change is planned anew when the file has moved, grown or changed before its lock was held; this often at most. */
const MOST_PLANS = 64;
/** A search for a lost name is repeated when renames went on meanwhile; this often at most. */
const MOST_SEARCHES = 4;

/** What a change is aimed at: a name, or an open file under whatever name it has by then. */
export type Target = { readonly path: TreePath } | { readonly file: OpenFile };

export interface Planned {
  readonly operation: Operation;
  /** Asked with the path locked: whether what the operation was built from is still so. */
  readonly stillHolds?: (now: BigIntStats) => boolean;
}

export interface Plan {
  /** Builds the operation from what is so now; undefined: nothing is to be changed. */
  build(path: TreePath): Promise<Planned | undefined>;
  /** The same change on an open file that has no name left: no mirror has it. */
  onOrphan(file: OpenFile): Promise<void>;
}

/** Runs changes of existing files as transactions, on the right file whatever is renamed meanwhile. */
export class FileChanges {
  readonly #local: LocalDirectory;
  readonly #transactions: Transactions;
  readonly #files: OpenFiles;

  constructor(local: LocalDirectory, transactions: Transactions, files: OpenFiles) {
    this.#local = local;
    this.#transactions = transactions;
    this.#files = files;
  }

  /** Answers the file's stat from just before the change; undefined if it was an orphan's, or there was none. */
  async run(target: Target, plan: Plan, caller: Caller): Promise<BigIntStats | undefined> {
    const file = 'file' in target ? target.file : undefined;
    for (let tried = 0; tried < MOST_PLANS; tried++) {
      const path = 'file' in target ? await this.currentPath(target.file) : target.path;
      if (path === undefined) {
        if (file) await plan.onOrphan(file);
        return undefined;
      }
      const planned = await plan.build(path);
      if (!planned) return undefined;
      const before = await this.#attempt(path, file, planned, caller);
      if (before) return before;
      if (file?.path === path) await this.#checkName(file, path);
    }
    throw new AppError('BUSY', 'the file kept changing under the request');
  }

  /** The name under which an open file is to be changed; undefined if it has none left. */
  async currentPath(file: OpenFile): Promise<TreePath | undefined> {
    for (let searched = 0; searched < MOST_SEARCHES; searched++) {
      if (file.path !== undefined || file.orphan) return file.path;
      const stat = fstatSync(file.fd, { bigint: true });
      if (stat.nlink > 0n) await this.#files.renamesEnded();
      if (file.path !== undefined) return file.path;
      const nothingMissed = this.#files.watchNames();
      const found = stat.nlink > 0n ? await this.#anyNameOf(file) : undefined;
      if (found !== undefined) return (file.path = found);
      // RACE: a rename during the search may have carried the name past it. Taking the file for an orphan
      // then would keep its writes from the mirrors. With links left but none in the tree, no mirror has it.
      file.orphan = stat.nlink === 0n || nothingMissed();
    }
    if (file.orphan) return undefined;
    throw new AppError('BUSY', 'the names of the file kept changing under the request');
  }

  async #anyNameOf(file: OpenFile): Promise<TreePath | undefined> {
    for await (const path of this.#local.namesOf(file.ino, file.dev)) return path;
    return undefined;
  }

  /** undefined: what the operation was built from no longer holds. */
  async #attempt(path: TreePath, file: OpenFile | undefined, planned: Planned, caller: Caller) {
    let before: BigIntStats | undefined;
    let outdated = false;
    const precondition = async () => {
      const now = await this.#local.lstat(path);
      // RACE: while this request waited for the lock, another file may have got the name.
      outdated = (file && !isSameFile(now, file)) || planned.stillHolds?.(now) === false;
      if (outdated) throw new AppError('STALE_HANDLE');
      before = now;
    };
    try {
      await this.#transactions.run(planned.operation, runOptions(caller, precondition));
      return before;
    } catch (error) {
      const nameLost = before === undefined && file !== undefined && hasCode(error, 'NOT_FOUND');
      if (outdated || nameLost) return undefined;
      throw error;
    }
  }

  /** Forgets a name that is no longer this file's, so that the next look finds another. */
  async #checkName(file: OpenFile, path: TreePath): Promise<void> {
    if (await this.#isNameOf(file, path)) return;
    // RACE: a rename shows in the directory before it is noted here.
    await this.#files.renamesEnded();
    if (file.path === path && !(await this.#isNameOf(file, path))) file.path = undefined;
  }

  async #isNameOf(file: OpenFile, path: TreePath): Promise<boolean> {
    const now = await this.statOf(path);
    return now !== undefined && isSameFile(now, file);
  }

  async statOf(path: TreePath): Promise<BigIntStats | undefined> {
    try {
      return await this.#local.lstat(path);
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND', 'NOT_A_DIRECTORY')) return undefined;
      throw error;
    }
  }

  /** lstat(2) of what must be there. */
  existing(path: TreePath): Promise<BigIntStats> {
    return this.#local.lstat(path);
  }

  /** Gives the mirrors the mtime of a file that was written to. Never rejects for a mirror's sake. */
  async settle(file: OpenFile): Promise<void> {
    if (!file.dirty) return;
    // ORDER: a write that ends while the mirrors are told makes the file dirty again.
    file.dirty = false;
    if (file.path !== undefined) await this.#checkName(file, file.path);
    const path = await this.currentPath(file);
    if (path !== undefined) await this.#transactions.settle(path);
  }

  /** The same some moments later, under the name that it has now; where that is another file's, nothing is lost. */
  settleSoon(file: OpenFile): void {
    if (!file.dirty) return;
    file.dirty = false;
    if (file.path !== undefined) this.#transactions.settleSoon(file.path);
  }

  async settlePath(path: TreePath): Promise<void> {
    await this.#transactions.settle(path);
  }
}

/** What the engine is told of the caller. */
export function runOptions(caller: Caller, precondition?: () => Promise<void>): RunOptions {
  const { cancellation, uid } = caller;
  return { cancellation, ...(uid !== undefined && { uid }), ...(precondition && { precondition }) };
}
