import { AppError } from '../base/errors.ts';
import { isWithin, movedPath, type TreePath } from '../filesystem/tree-path.ts';
import type { Handle } from '../fuse/driver.ts';
import type { HandleNumbers } from './handle-numbers.ts';

/** One open(2) of a regular file. */
export interface OpenFile {
  readonly handle: Handle;
  /** The local descriptor: reads are its alone. */
  readonly fd: number;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly writable: boolean;
  readonly appends: boolean;
  /** undefined after its name was taken away: then it has another name, or none and is an orphan. */
  path: TreePath | undefined;
  /** Has no name left: its changes are the local descriptor's alone. Never undone. */
  orphan: boolean;
  /** Was written to since the mirrors were given its mtime. */
  dirty: boolean;
}

/** All open files, and under which name each is to be changed. Every method is synchronous: no request sees half of an update. */
export class OpenFiles {
  readonly #files = new Map<Handle, OpenFile>();
  readonly #numbers: HandleNumbers;
  readonly #renames = new Set<Promise<unknown>>();
  #renamesBegun = 0;
  #renamesEnded = 0;

  constructor(numbers: HandleNumbers) {
    this.#numbers = numbers;
  }

  add(file: Omit<OpenFile, 'handle' | 'orphan' | 'dirty'>): OpenFile {
    const opened: OpenFile = { ...file, handle: this.#numbers.take(), orphan: false, dirty: false };
    this.#files.set(opened.handle, opened);
    return opened;
  }

  /** Rejects a number that is no open file's with BAD_HANDLE. */
  get(handle: Handle): OpenFile {
    const file = this.#files.get(handle);
    if (!file) throw new AppError('BAD_HANDLE');
    return file;
  }

  find(handle: Handle | undefined): OpenFile | undefined {
    return handle === undefined ? undefined : this.#files.get(handle);
  }

  remove(handle: Handle): void {
    if (this.#files.delete(handle)) this.#numbers.giveBack(handle);
  }

  all(): readonly OpenFile[] {
    return [...this.#files.values()];
  }

  at(path: TreePath): readonly OpenFile[] {
    return this.all().filter((file) => file.path === path);
  }

  /** Runs what gives a file another name, so that a search for names can tell whether it may have missed one. */
  async whileRenaming<T>(work: () => Promise<T>): Promise<T> {
    this.#renamesBegun++;
    const result = work();
    this.#renames.add(result);
    try {
      return await result;
    } finally {
      this.#renames.delete(result);
      this.#renamesEnded++;
    }
  }

  /** Resolves when the renames under way have ended: until then a file may be under its new name already. */
  async renamesEnded(): Promise<void> {
    await Promise.allSettled(this.#renames);
  }

  /** Begins a search for names; the answer tells afterwards whether no name can have slipped past it. */
  watchNames(): () => boolean {
    const begun = this.#renamesBegun;
    const quiet = begun === this.#renamesEnded;
    return () => quiet && begun === this.#renamesBegun;
  }

  /** The name is gone, by unlink or by a rename onto it. */
  nameGone(path: TreePath): void {
    for (const file of this.#files.values()) {
      if (file.path === path) file.path = undefined;
    }
  }

  /** `from`, with all below it, is now `to`; what was open at `to` has lost that name. */
  moved(from: TreePath, to: TreePath): void {
    this.nameGone(to);
    for (const file of this.#files.values()) {
      if (file.path !== undefined && isWithin(file.path, from)) file.path = movedPath(file.path, from, to);
    }
  }
}
