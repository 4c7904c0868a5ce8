import { constants } from 'node:fs';
import { asAppError, hasCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { childOf, parentOf, type TreePath } from '../../filesystem/tree-path.ts';
import { type Caller, type FuseHandlers, type Handle, NOBODY } from '../driver.ts';
import type { NativeRequest } from './native-binding.ts';
import type { OpenPaths } from './open-paths.ts';

/** libfuse follows a hiding with the rename it belongs to within microseconds. */
const FOLLOWS_WITHIN_MS = 1000;
const RETRY_EVERY_MS = 5000;
const COPY_BYTES = 1 << 20;
const RENAME_NOREPLACE = 1;

interface Hidden {
  readonly path: TreePath;
  /** What libfuse calls it since. */
  readonly hiddenPath: TreePath;
  /** A handle of our own, so that the content outlives the callers' handles. */
  readonly spare: Handle;
  readonly timer: NodeJS.Timeout;
}

/**
 * libfuse turns a rename onto an open file into two operations: hiding the file there, which is an unlink here,
 * and the rename. So this driver can't make such a rename atomic: for a moment the name is free, and a crash just
 * then leaves it free. (The kernel driver has no such gap.) What can be kept is the promise that a failed
 * rename changes nothing: the content hidden by the first step is put back when the second fails. It is a copy, so
 * handles on the hidden file take no more changes (ESTALE), and for a second the kernel may still find it by its
 * old node (ENOENT on open).
 */
export class ReplacedFiles {
  readonly #handlers: FuseHandlers;
  readonly #paths: OpenPaths;
  readonly #logger: Logger;
  readonly #recent = new Map<NativeRequest, Hidden>();
  readonly #retries = new Set<NodeJS.Timeout>();

  constructor(handlers: FuseHandlers, paths: OpenPaths, logger: Logger) {
    this.#handlers = handlers;
    this.#paths = paths;
    this.#logger = logger;
  }

  /** Unlinks an open file. If the thread's very next request is the rename onto it, `replacing` finds it. */
  async hide(request: NativeRequest, path: TreePath, hiddenPath: TreePath, caller: Caller): Promise<void> {
    const spare = await this.#handlers.open(path, constants.O_RDONLY, caller);
    try {
      await this.#handlers.unlink(path, caller);
    } catch (error) {
      await this.#handlers.release(spare);
      throw error;
    }
    const timer = setTimeout(() => this.#letGo(request), FOLLOWS_WITHIN_MS);
    this.#recent.set(request, { path, hiddenPath, spare, timer });
    this.#paths.hid(path, hiddenPath);
  }

  /** Another request asked for the path: libfuse keeps it locked through a rename, so the hiding was an unlink. */
  seen(path: TreePath): void {
    for (const [request, hidden] of this.#recent) if (hidden.path === path) this.#letGo(request);
  }

  /** A request other than a rename came on this thread. */
  otherRequest(request: NativeRequest): void {
    this.#letGo(request);
  }

  /** Runs a rename; where it was to replace a file hidden just before and fails, that file is put back. */
  async rename(request: NativeRequest, from: TreePath, to: TreePath, caller: Caller): Promise<void> {
    const hidden = this.#take(request);
    let kept = false;
    try {
      // Between two names of one file rename(2) does nothing, but the hiding has taken one of them.
      if (hidden?.path === to && (await this.#isSameFile(hidden.spare, from))) {
        await this.#handlers.link(from, to, caller);
      } else {
        await this.#handlers.rename(from, to, 0, caller);
      }
    } catch (error) {
      if (hidden?.path === to) {
        this.#paths.sever(hidden.hiddenPath);
        kept = !(await this.#putBack(hidden, caller));
      }
      throw error;
    } finally {
      if (hidden && !kept) await this.#handlers.release(hidden.spare);
    }
  }

  async #isSameFile(handle: Handle, path: TreePath): Promise<boolean> {
    const [one, other] = await Promise.all([
      this.#handlers.getattr(path, handle, NOBODY),
      this.#handlers.getattr(path, undefined, NOBODY),
    ]);
    return one.inode === other.inode && one.device === other.device;
  }

  stop(): void {
    for (const request of this.#recent.keys()) this.#letGo(request);
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
  }

  #take(request: NativeRequest): Hidden | undefined {
    const hidden = this.#recent.get(request);
    this.#recent.delete(request);
    clearTimeout(hidden?.timer);
    return hidden;
  }

  #letGo(request: NativeRequest): void {
    const hidden = this.#take(request);
    if (hidden) void this.#handlers.release(hidden.spare);
  }

  /** false: a mirror stands in the way, and it is tried again for as long as the process lives. */
  async #putBack(hidden: Hidden, caller: Caller): Promise<boolean> {
    try {
      await this.#copyBack(hidden, caller);
      return true;
    } catch (error) {
      if (hasCode(error, 'ALREADY_EXISTS')) return true;
      this.#logger.error('replaced-file-missing', { path: hidden.path, error: asAppError(error) });
      this.#retryLater(hidden);
      return false;
    }
  }

  #retryLater(hidden: Hidden): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.#putBack(hidden, NOBODY).then((done) =>
        done ? this.#handlers.release(hidden.spare) : undefined,
      );
    }, RETRY_EVERY_MS);
    this.#retries.add(timer);
  }

  /** Under another name first, so that nobody sees half of it and nothing made there meanwhile is replaced. */
  async #copyBack({ path, spare }: Hidden, caller: Caller): Promise<void> {
    const handlers = this.#handlers;
    const { mode, uid, gid, atimeNs, mtimeNs, sizeBytes } = await handlers.getattr(path, spare, caller);
    const temporary = childOf(parentOf(path), `.proxyfs-restoring-${spare}`);
    const { handle } = await handlers.create(
      temporary,
      constants.O_WRONLY | constants.O_TRUNC,
      0o600,
      caller,
    );
    try {
      for (let offset = 0; offset < sizeBytes; offset += COPY_BYTES) {
        const piece = Buffer.alloc(Math.min(COPY_BYTES, sizeBytes - offset));
        const read = await handlers.read(spare, offset, piece);
        await handlers.write(handle, offset, piece.subarray(0, read), caller);
      }
      const change = { uid, gid, mode: mode & 0o7777, atime: atimeNs, mtime: mtimeNs };
      await handlers.setattr(temporary, handle, change, caller);
      await handlers.rename(temporary, path, RENAME_NOREPLACE, caller);
    } catch (error) {
      await handlers.unlink(temporary, caller).catch(() => {});
      throw error;
    } finally {
      await handlers.release(handle);
    }
  }
}
