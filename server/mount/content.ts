import { constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { AppError } from '../base/errors.ts';
import {
  CAREFULLY,
  closeDescriptor,
  closeQuietly,
  readFully,
  syncDataDescriptor,
  syncDescriptor,
  writeFully,
} from '../filesystem/descriptors.ts';
import { appErrorOf, hasErrno } from '../filesystem/errno.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { Allocation, Caller, Handle } from '../fuse/driver.ts';
import { allocate } from './allocation.ts';
import { onLocal, type AttributeChanges } from './attribute-changes.ts';
import type { FileChanges, Plan } from './file-changes.ts';
import type { LocalDirectory } from './local-directory.ts';
import type { OpenFile, OpenFiles } from './open-files.ts';
import { SerialQueue } from './serial-queue.ts';

const ACCESS_BITS = constants.O_WRONLY | constants.O_RDWR;
/** Of the flags of open(2), what counts for the local descriptor too. */
const PASSED_ON = ACCESS_BITS | constants.O_NOATIME;

/** What the content of files is read and changed with. */
export interface ContentParts {
  readonly local: LocalDirectory;
  readonly files: OpenFiles;
  readonly changes: FileChanges;
  readonly attributes: AttributeChanges;
}

/** Open files: reads come from the local descriptor, writes are transactions. */
export class Content {
  readonly #parts: ContentParts;
  readonly #appends = new SerialQueue();

  constructor(parts: ContentParts) {
    this.#parts = parts;
  }

  /** Answers the stat from before the file was emptied where that was asked for. */
  async open(path: TreePath, flags: number, caller: Caller): Promise<{ file: OpenFile; stat: BigIntStats }> {
    const fd = openLocal(this.#parts.local.absolute(path), flags & PASSED_ON, CAREFULLY);
    return this.#opened(fd, path, flags, caller);
  }

  /** The same file once more, whatever its name is by now. */
  async reopen(handle: Handle, flags: number, caller: Caller): Promise<OpenFile> {
    const { fd, path } = this.#parts.files.get(handle);
    const again = openLocal(`/proc/self/fd/${fd}`, flags & PASSED_ON, constants.O_NONBLOCK);
    return (await this.#opened(again, path, flags, caller)).file;
  }

  async #opened(fd: number, path: TreePath | undefined, flags: number, caller: Caller) {
    const { attributes, files } = this.#parts;
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) {
      closeQuietly(fd);
      throw new AppError(stat.isDirectory() ? 'IS_A_DIRECTORY' : 'NOT_SUPPORTED');
    }
    const file = files.add({
      fd,
      ino: stat.ino,
      dev: stat.dev,
      path,
      writable: (flags & ACCESS_BITS) !== constants.O_RDONLY,
      appends: (flags & constants.O_APPEND) !== 0,
    });
    try {
      if ((flags & constants.O_TRUNC) !== 0) await attributes.truncate({ file }, 0, caller);
      return { file, stat };
    } catch (error) {
      await this.release(file.handle);
      throw error;
    }
  }

  async read(handle: Handle, offset: number, target: Buffer): Promise<number> {
    const { fd } = this.#parts.files.get(handle);
    return onLocal(() => readFully(fd, target, offset));
  }

  async write(handle: Handle, offset: number, data: Buffer, caller: Caller, append?: boolean): Promise<void> {
    const file = this.#parts.files.get(handle);
    if (data.length === 0) return;
    if (!(append ?? file.appends)) return this.#writeAt(file, async () => ({ offset }), data, caller);
    // Appends take turns, each at the size it then finds: the kernel's idea of the end may be that of another name.
    await this.#appends.run(`${file.dev}:${file.ino}`, () =>
      this.#writeAt(file, () => endOf(file.fd), data, caller),
    );
  }

  async #writeAt(file: OpenFile, place: () => Promise<Place>, data: Buffer, caller: Caller): Promise<void> {
    const plan: Plan = {
      build: async (path) => {
        const { offset, mustBeEnd } = await place();
        return {
          operation: { kind: 'write', path, offset, data },
          stillHolds: (now) => !mustBeEnd || Number(now.size) === offset,
        };
      },
      onOrphan: async () => {
        const { offset } = await place();
        await onLocal(() => writeFully(file.fd, data, offset));
      },
    };
    await this.#parts.attributes.changeContent({ file }, caller, plan);
    file.dirty = true;
  }

  async allocate(handle: Handle, asked: Allocation, caller: Caller): Promise<void> {
    const { attributes, files } = this.#parts;
    await allocate(attributes, files.get(handle), asked, caller);
  }

  /** Everywhere: what it answers is what the local disk and every required mirror's server say. */
  async fsync(handle: Handle, dataOnly: boolean, caller: Caller): Promise<void> {
    const { changes, files } = this.#parts;
    const file = files.get(handle);
    // ORDER: the mtime goes to the disk with the data.
    await changes.settle(file);
    const plan: Plan = {
      build: (path) => Promise.resolve({ operation: { kind: 'fsync', path, dataOnly } }),
      onOrphan: ({ fd }) => onLocal(() => (dataOnly ? syncDataDescriptor(fd) : syncDescriptor(fd))),
    };
    await changes.run({ file }, plan, caller);
  }

  /**
   * Closes the handle; one that is none passes. The data is everywhere already, and its mtime follows by itself: the
   * kernel sends a bounded number of releases and read-aheads at a time, so that reads would wait for a mirror here.
   */
  async release(handle: Handle): Promise<void> {
    const { changes, files } = this.#parts;
    const file = files.find(handle);
    if (!file) return;
    changes.settleSoon(file);
    files.remove(handle);
    // The last close of a file without a name frees its space, which takes time.
    if (file.path === undefined) await closeDescriptor(file.fd);
    else closeQuietly(file.fd);
  }
}

interface Place {
  readonly offset: number;
  /** An append: another writer may not have moved the end before the lock was held. */
  readonly mustBeEnd?: boolean;
}

async function endOf(fd: number): Promise<Place> {
  const { size } = await onLocal(() => Promise.resolve(fstatSync(fd)));
  return { offset: size, mustBeEnd: true };
}

/**
 * A symlink or a pipe put there behind our back is refused, not followed or waited for. Synchronous: the kernel has
 * just looked the name up, and a turn through the thread pool costs more than the call.
 */
function openLocal(absolutePath: string, access: number, care: number): number {
  try {
    return openSync(absolutePath, access | care);
  } catch (error) {
    // The caller owns the file, which who runs Proxyfs need not do.
    if (hasErrno(error, 'EPERM') && access & constants.O_NOATIME)
      return openLocal(absolutePath, access & ~constants.O_NOATIME, care);
    // The caller's right to write was the kernel's to check, and a file of mode 0444 that it just made may be
    // written by it; writes go through the tree, so reading is all that this descriptor must be able to.
    if (!hasErrno(error, 'EACCES') || (access & ACCESS_BITS) === constants.O_RDONLY) throw appErrorOf(error);
    return openLocal(absolutePath, constants.O_RDONLY, care);
  }
}
