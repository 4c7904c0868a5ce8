import { fstatSync, type BigIntStats } from 'node:fs';
import { AppError } from '../base/errors.ts';
import { closeQuietly } from './descriptors.ts';
import { isSameInode, lstatNow } from './local-stat.ts';
import { isWithin, type TreePath } from './tree-path.ts';

const MAX_OPEN = 64;
/** Long enough for a stream of writes, short enough not to keep a file system busy that is to be remounted. */
const IDLE_MS = 1000;

/** A file open for changes of its content. */
export interface OpenFile {
  readonly fd: number;
  readonly dev: bigint;
  readonly ino: bigint;
}

interface Entry extends OpenFile {
  users: number;
  forgotten: boolean;
  usedAtMs: number;
}

/** Opens a file to read and write, never through a symlink. */
export type OpenForChange = (absolute: string) => Promise<number>;

/** Keeps the files that were written to last open, by path. */
export class OpenFiles {
  readonly #open: OpenForChange;
  readonly #entries = new Map<TreePath, Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(open: OpenForChange) {
    this.#open = open;
  }

  /** Runs `work` on the file that `absolute` names at this moment; other than a regular file is refused. */
  async use<Result>(
    path: TreePath,
    absolute: string,
    work: (file: OpenFile) => Promise<Result>,
  ): Promise<Result> {
    const entry = await this.#acquire(path, absolute);
    try {
      return await work(entry);
    } finally {
      entry.users--;
      entry.usedAtMs = Date.now();
      if (entry.users === 0 && entry.forgotten) closeQuietly(entry.fd);
    }
  }

  /** Takes over a descriptor just opened for `path`. */
  adopt(path: TreePath, fd: number, stat: BigIntStats): void {
    this.forget(path);
    this.#insert(path, fd, stat);
  }

  /** To be called when `path` no longer names what it did. */
  forget(path: TreePath): void {
    const entry = this.#entries.get(path);
    if (!entry) return;
    this.#entries.delete(path);
    entry.forgotten = true;
    if (entry.users === 0) closeQuietly(entry.fd);
  }

  /** The same for `path` and all below it. */
  forgetBelow(path: TreePath): void {
    for (const open of this.#entries.keys()) if (isWithin(open, path)) this.forget(open);
  }

  closeAll(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const path of this.#entries.keys()) this.forget(path);
  }

  async #acquire(path: TreePath, absolute: string): Promise<Entry> {
    const stat = lstatNow(absolute);
    checkRegular(stat);
    const known = this.#entries.get(path);
    if (known && isSameInode(known, stat)) return this.#touch(path, known);
    this.forget(path);
    const fd = await this.#open(absolute);
    // Another call may have opened it in the meantime, or the name may be another file's by now.
    const opened = fstatSync(fd, { bigint: true });
    const rival = this.#entries.get(path);
    if (rival && isSameInode(rival, opened)) {
      closeQuietly(fd);
      return this.#touch(path, rival);
    }
    if (!opened.isFile()) {
      closeQuietly(fd);
      throw new AppError('INVALID_ARGUMENT');
    }
    this.forget(path);
    return this.#touch(path, this.#insert(path, fd, opened));
  }

  #insert(path: TreePath, fd: number, stat: BigIntStats): Entry {
    const entry = { fd, dev: stat.dev, ino: stat.ino, users: 0, forgotten: false, usedAtMs: Date.now() };
    this.#entries.set(path, entry);
    if (this.#entries.size > MAX_OPEN) this.#forgetOldest(path);
    this.#timer ??= setInterval(() => this.#closeIdle(), IDLE_MS).unref();
    return entry;
  }

  #touch(path: TreePath, entry: Entry): Entry {
    entry.users++;
    // A map keeps the order of insertion: the first key is the one used longest ago.
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    return entry;
  }

  #forgetOldest(except: TreePath): void {
    for (const path of this.#entries.keys()) {
      if (path !== except) return this.forget(path);
    }
  }

  #closeIdle(): void {
    const before = Date.now() - IDLE_MS;
    for (const [path, entry] of this.#entries) {
      if (entry.users === 0 && entry.usedAtMs < before) this.forget(path);
    }
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function checkRegular(stat: BigIntStats): void {
  if (stat.isFile()) return;
  if (stat.isDirectory()) throw new AppError('IS_A_DIRECTORY');
  // Opening a device or a FIFO may have effects of its own.
  throw new AppError(stat.isSymbolicLink() ? 'TOO_MANY_SYMLINKS' : 'INVALID_ARGUMENT');
}
