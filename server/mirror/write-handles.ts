import { Permits } from '../base/permits.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { isWithin } from '../filesystem/tree-path.ts';
import type { SftpSession } from './sftp-session.ts';

const MOST_OPEN = 64;
const IDLE_MS = 10_000;

/** What a session is to its handles. */
export type HandleSession = Pick<SftpSession, 'maxOpenHandles' | 'ended' | 'close'>;

interface OpenFile {
  readonly path: TreePath;
  readonly handle: Promise<Buffer>;
  users: number;
  /** Named no more: closed as soon as nobody uses it. */
  forgotten: boolean;
  closed: boolean;
  lastUsedMs: number;
}

/**
 * Handles kept open for writing between operations, by path, the least recently used closed first. A handle
 * stands for an inode: whatever changes what a path names must `forget` it, or writes would go astray.
 */
export class WriteHandles {
  readonly #session: HandleSession;
  readonly #idleMs: number;
  readonly #places: Permits;
  /** In order of use. */
  readonly #files = new Map<TreePath, OpenFile>();
  #timer: NodeJS.Timeout | undefined;

  constructor(session: HandleSession, idleMs = IDLE_MS) {
    this.#session = session;
    this.#idleMs = idleMs;
    // Half of the server's, since listing, reading and staging need handles too.
    this.#places = new Permits(Math.max(1, Math.min(MOST_OPEN, Math.floor(session.maxOpenHandles / 2))));
    void session.ended.then(() => this.#clear());
  }

  /** Works with the handle of `path`, opened by `open` where none is kept; kept afterwards unless it failed. */
  async use<T>(
    path: TreePath,
    open: () => Promise<Buffer>,
    work: (handle: Buffer) => Promise<T>,
  ): Promise<T> {
    const file = this.#files.get(path) ?? this.#add(path, open);
    file.users++;
    try {
      return await work(await file.handle);
    } catch (thrown) {
      this.#drop(file);
      throw thrown;
    } finally {
      file.users--;
      file.lastUsedMs = performance.now();
      this.#settle(file);
    }
  }

  /** Lets go of the handles of `path` and everything below it. */
  forget(path: TreePath): void {
    for (const file of this.#files.values()) {
      if (!isWithin(file.path, path)) continue;
      this.#drop(file);
      this.#settle(file);
    }
  }

  #add(path: TreePath, open: () => Promise<Buffer>): OpenFile {
    const handle = this.#openInPlace(open);
    const lastUsedMs = performance.now();
    const file: OpenFile = { path, handle, users: 0, forgotten: false, closed: false, lastUsedMs };
    this.#files.set(path, file);
    this.#timer ??= setTimeout(this.#closeIdle, this.#idleMs).unref();
    return file;
  }

  async #openInPlace(open: () => Promise<Buffer>): Promise<Buffer> {
    if (this.#places.free === 0) this.#evictOne();
    await this.#places.take();
    try {
      return await open();
    } catch (thrown) {
      this.#places.give();
      throw thrown;
    }
  }

  #evictOne(): void {
    for (const file of this.#files.values()) {
      if (file.users > 0) continue;
      this.#drop(file);
      this.#settle(file);
      return;
    }
  }

  #drop(file: OpenFile): void {
    file.forgotten = true;
    if (this.#files.get(file.path) === file) this.#files.delete(file.path);
  }

  /** Closes a file that nobody uses when it is forgotten or its place is wanted; else it counts as just used. */
  #settle(file: OpenFile): void {
    if (file.users > 0 || file.closed) return;
    if (this.#places.waiting > 0) this.#drop(file);
    if (file.forgotten) {
      file.closed = true;
      void this.#close(file);
    } else if (this.#files.delete(file.path)) {
      this.#files.set(file.path, file);
    }
  }

  async #close(file: OpenFile): Promise<void> {
    try {
      const handle = await file.handle;
      // The place is free at once: the server works requests off in order, so a later open finds it closed.
      this.#places.give();
      await this.#session.close(handle);
    } catch {
      // Never opened, or gone with its session. Data was acknowledged by the writes, not by the close.
    }
  }

  readonly #closeIdle = (): void => {
    this.#timer = undefined;
    const idleSinceMs = performance.now() - this.#idleMs;
    for (const file of this.#files.values()) {
      if (file.users > 0 || file.lastUsedMs > idleSinceMs) continue;
      this.#drop(file);
      this.#settle(file);
    }
    if (this.#files.size > 0) this.#timer = setTimeout(this.#closeIdle, this.#idleMs / 2).unref();
  };

  #clear(): void {
    clearTimeout(this.#timer);
    this.#files.clear();
  }
}
