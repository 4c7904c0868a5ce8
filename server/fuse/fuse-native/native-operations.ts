import { AppError, hasCode } from '../../base/errors.ts';
import { treePath, type TreePath } from '../../filesystem/tree-path.ts';
import { type AttributeChange, type Caller, type FuseHandlers, type Handle, NOBODY } from '../driver.ts';
import type { Interrupts } from './interrupts.ts';
import type { NativeRequest } from './native-binding.ts';
import {
  fromDouble,
  nativeAttributes,
  nativeEntry,
  nativeStatistics,
  requestedTimes,
} from './native-values.ts';
import type { OpenPaths } from './open-paths.ts';
import type { ReplacedFiles } from './replaced-files.ts';

/** The result for the caller (0, or a count of bytes), and what else the C side wants of this operation. */
export type Reply = readonly [result: number, ...values: unknown[]];

const DONE: Reply = [0];
/** chown(2) says "leave it" with -1. */
const UNCHANGED = 0xffff_ffff;

export interface OperationParts {
  readonly handlers: FuseHandlers;
  readonly paths: OpenPaths;
  readonly replaced: ReplacedFiles;
  readonly interrupts: Interrupts;
}

/**
 * The operations of libfuse's path-based interface, in its words and argument orders, translated into the
 * handlers'. `create` is left out on purpose: fuse-native doesn't tell its open flags (O_APPEND), and without it
 * the kernel sends mknod and open. So are the xattr operations: the kernel then stops asking for them.
 */
export class NativeOperations {
  readonly #handlers: FuseHandlers;
  readonly #paths: OpenPaths;
  readonly #replaced: ReplacedFiles;
  readonly #interrupts: Interrupts;

  constructor({ handlers, paths, replaced, interrupts }: OperationParts) {
    this.#handlers = handlers;
    this.#paths = paths;
    this.#replaced = replaced;
    this.#interrupts = interrupts;
  }

  async getattr(_request: NativeRequest, path: string, handle?: Handle): Promise<Reply> {
    const at = existing(path);
    this.#replaced.seen(at);
    const file = handle ?? this.#paths.hiddenHandle(at);
    if (file === undefined && this.#paths.isHidden(at)) throw new AppError('NOT_FOUND');
    return [0, nativeAttributes(await this.#handlers.getattr(at, file, NOBODY))];
  }

  async fgetattr(request: NativeRequest, path: string, handle: Handle): Promise<Reply> {
    return this.getattr(request, path, handle);
  }

  async readlink(_request: NativeRequest, path: string): Promise<Reply> {
    return [0, await this.#handlers.readlink(existing(path), NOBODY)];
  }

  async statfs(): Promise<Reply> {
    return [0, nativeStatistics(await this.#handlers.statfs())];
  }

  /** All at once: libfuse 2 keeps a whole listing in memory in any case. */
  async readdir(_request: NativeRequest, path: string): Promise<Reply> {
    const handle = await this.#handlers.opendir(existing(path), NOBODY);
    const names = ['.', '..'];
    const stats = [nativeEntry(DIRECTORY_ENTRY), nativeEntry(DIRECTORY_ENTRY)];
    try {
      for (;;) {
        const page = await this.#handlers.readdir(handle);
        if (page.length === 0) return [0, names, stats];
        for (const entry of page) {
          names.push(entry.name);
          stats.push(nativeEntry(entry));
        }
      }
    } finally {
      await this.#handlers.releasedir(handle);
    }
  }

  async fsyncdir(_request: NativeRequest, path: string): Promise<Reply> {
    const handle = await this.#handlers.opendir(existing(path), NOBODY);
    try {
      await this.#handlers.fsyncdir(handle, NOBODY);
      return DONE;
    } finally {
      await this.#handlers.releasedir(handle);
    }
  }

  async open(_request: NativeRequest, path: string, flags: number): Promise<Reply> {
    const at = existing(path);
    return this.#change(async (caller) => {
      const handle = await this.#handlers.open(at, flags, caller);
      this.#paths.opened(handle, at);
      return [0, handle];
    });
  }

  /** The target belongs to the FUSE thread and is filled before it is answered. */
  async read(
    _request: NativeRequest,
    _path: string,
    handle: Handle,
    target: Buffer,
    ...at: Place
  ): Promise<Reply> {
    const [, low, high] = at;
    return [await this.#handlers.read(handle, fromDouble(low, high), target), 0, target.buffer];
  }

  async write(
    _request: NativeRequest,
    _path: string,
    handle: Handle,
    data: Buffer,
    ...at: Place
  ): Promise<Reply> {
    const [, low, high] = at;
    this.#paths.mustTakeChanges(handle);
    // The buffer is the FUSE thread's again once this is answered, and an interrupted write may be answered while
    // a hung connection still holds a piece of it. A copy costs microseconds.
    const copy = Buffer.from(data);
    return this.#change(async (caller) => {
      await this.#handlers.write(handle, fromDouble(low, high), copy, caller);
      return [copy.length, 0, data.buffer];
    });
  }

  async fsync(_request: NativeRequest, _path: string, dataOnly: number, handle: Handle): Promise<Reply> {
    return this.#change((caller) => this.#done(this.#handlers.fsync(handle, dataOnly !== 0, caller)));
  }

  async release(_request: NativeRequest, _path: string, handle: Handle): Promise<Reply> {
    await this.#handlers.release(handle);
    this.#paths.closed(handle);
    return DONE;
  }

  async truncate(_request: NativeRequest, path: string, low: number, high: number): Promise<Reply> {
    return this.#setattr(path, { sizeBytes: fromDouble(low, high) });
  }

  async ftruncate(_request: NativeRequest, path: string, handle: Handle, ...size: Halves): Promise<Reply> {
    return this.#setattr(path, { sizeBytes: fromDouble(...size) }, handle);
  }

  async chmod(_request: NativeRequest, path: string, mode: number): Promise<Reply> {
    return this.#setattr(path, { mode });
  }

  async chown(_request: NativeRequest, path: string, uid: number, gid: number): Promise<Reply> {
    return this.#setattr(path, { ...(uid !== UNCHANGED && { uid }), ...(gid !== UNCHANGED && { gid }) });
  }

  /** Only calls that set both times arrive: fuse-native doesn't tell libfuse that it could do with one. */
  async utimens(request: NativeRequest, path: string, ...atime: Halves): Promise<Reply> {
    return this.#setattr(path, requestedTimes(request, ...atime));
  }

  async mknod(_request: NativeRequest, path: string, mode: number): Promise<Reply> {
    return this.#change((caller) => this.#done(this.#handlers.mknod(treePath(path), mode, caller)));
  }

  async mkdir(_request: NativeRequest, path: string, mode: number): Promise<Reply> {
    return this.#change((caller) => this.#done(this.#handlers.mkdir(treePath(path), mode, caller)));
  }

  async symlink(_request: NativeRequest, target: string, path: string): Promise<Reply> {
    return this.#change((caller) => this.#done(this.#handlers.symlink(treePath(path), target, caller)));
  }

  async link(_request: NativeRequest, path: string, to: string): Promise<Reply> {
    return this.#change((caller) => this.#done(this.#handlers.link(existing(path), treePath(to), caller)));
  }

  async unlink(_request: NativeRequest, path: string): Promise<Reply> {
    const at = existing(path);
    if (this.#paths.isHidden(at)) {
      // The last handle was released; the file went when it was hidden.
      this.#paths.forgot(at);
      return DONE;
    }
    return this.#change((caller) => this.#done(this.#handlers.unlink(at, caller)));
  }

  async rmdir(_request: NativeRequest, path: string): Promise<Reply> {
    const at = existing(path);
    return this.#change(async (caller) => {
      await this.#handlers.rmdir(at, caller);
      this.#paths.removedDirectory(at);
      return DONE;
    });
  }

  async rename(request: NativeRequest, path: string, to: string): Promise<Reply> {
    const source = existing(path);
    const target = treePath(to);
    return this.#change(async (caller) => {
      if (this.#paths.isHiding(source, target)) {
        await this.#replaced.hide(request, source, target, caller);
        return DONE;
      }
      await this.#replaced.rename(request, source, target, caller);
      this.#paths.moved(source, target);
      return DONE;
    });
  }

  async #setattr(path: string, change: AttributeChange, handle?: Handle): Promise<Reply> {
    const at = existing(path);
    const file = handle ?? this.#paths.hiddenHandle(at);
    this.#paths.mustTakeChanges(file);
    return this.#change((caller) => this.#done(this.#handlers.setattr(at, file, change, caller)));
  }

  async #done(work: Promise<unknown>): Promise<Reply> {
    await work;
    return DONE;
  }

  /** The caller's ids don't reach JavaScript in fuse-native, so what is made belongs to this process's user. */
  #change<T>(work: (caller: Caller) => Promise<T>): Promise<T> {
    return this.#interrupts.watch((cancellation) => work({ ...NOBODY, cancellation }));
  }
}

type Halves = [low: number, high: number];
type Place = [length: number, offsetLow: number, offsetHigh: number];

const DIRECTORY_ENTRY = { name: '', inode: 0xffff_ffffn, type: 0o040_000 };

/** The path of something looked for: what may not be made at the reserved name is simply not there. */
function existing(path: string): TreePath {
  try {
    return treePath(path);
  } catch (error) {
    if (hasCode(error, 'NOT_PERMITTED')) throw new AppError('NOT_FOUND');
    throw error;
  }
}
