import { constants, readSync } from 'node:fs';
import { access, readlink, statfs } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { AppError, invariant } from '../base/errors.ts';
import { closeQuietly, readFully, syncDataDescriptor, syncDescriptor } from './descriptors.ts';
import { hasErrno } from './errno.ts';
import type { Space } from './file-tree.ts';
import type { LocalOpening } from './local-opening.ts';
import { lstatOptionalNow } from './local-stat.ts';
import type { Pace } from './pace.ts';

const MIB = 1024 * 1024;
const MAX_READ_BYTES = 4 * MIB;
const SMALL_BYTES = 16 * 1024;

/** Content and symlinks as they stand. */
export class LocalReading {
  readonly #opening: LocalOpening;
  readonly #pace: Pace;

  constructor(opening: LocalOpening, pace: Pace) {
    this.#opening = opening;
    this.#pace = pace;
  }

  async read(absolute: string, offset: number, lengthBytes: number): Promise<Buffer> {
    invariant(lengthBytes >= 0 && lengthBytes <= MAX_READ_BYTES, 'a read of at most 4 MiB');
    const target = Buffer.allocUnsafe(lengthBytes);
    return target.subarray(0, await this.readInto(absolute, target, offset));
  }

  /** Fills `target` as far as the file goes, and answers how far that is. */
  async readInto(absolute: string, target: Buffer, offset: number): Promise<number> {
    return this.#open(absolute, async (fd) => {
      const pooled = () => readFully(fd, target, offset);
      if (target.length > SMALL_BYTES) return pooled();
      return this.#pace.run(() => readSync(fd, target, 0, target.length, offset), pooled);
    });
  }

  async hash(absolute: string, offset: number, lengthBytes: number): Promise<string> {
    return this.#open(absolute, async (fd) => {
      const hash = createHash('sha256');
      const piece = Buffer.allocUnsafe(Math.min(MIB, lengthBytes));
      for (let [at, end] = [offset, offset + lengthBytes]; at < end; ) {
        const wanted = piece.subarray(0, Math.min(piece.length, end - at));
        const readBytes = await readFully(fd, wanted, at);
        hash.update(wanted.subarray(0, readBytes));
        if (readBytes < wanted.length) break;
        at += readBytes;
      }
      return hash.digest('hex');
    });
  }

  /** Through whatever descriptor: the system keeps what was written for the file, not for who wrote it. */
  async sync(absolute: string, dataOnly: boolean): Promise<void> {
    await this.#open(absolute, dataOnly ? syncDataDescriptor : syncDescriptor);
  }

  async #open<Result>(absolute: string, work: (fd: number) => Promise<Result>): Promise<Result> {
    // A turn through the thread pool costs as much as reading a small file.
    const stat = lstatOptionalNow(absolute);
    if (!stat) throw new AppError('NOT_FOUND');
    if (stat.isDirectory()) throw new AppError('IS_A_DIRECTORY');
    if (!stat.isFile()) throw new AppError(stat.isSymbolicLink() ? 'TOO_MANY_SYMLINKS' : 'INVALID_ARGUMENT');
    const fd = await this.#opening.forReading(absolute);
    try {
      return await work(fd);
    } finally {
      closeQuietly(fd);
    }
  }
}

/** What a symlink says; rejects with NAME_NOT_UTF8 where that is no text. */
export async function readLinkText(absolute: string): Promise<string> {
  const bytes = await readlink(absolute, { encoding: 'buffer' });
  const text = bytes.toString();
  // Passing on replaced bytes would make another link than this one.
  if (!Buffer.from(text).equals(bytes)) throw new AppError('NAME_NOT_UTF8');
  return text;
}

/** What is left on the file system that `root` is on, for this process. */
export async function spaceOf(root: string): Promise<Space> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(root);
  return {
    freeBytes: bsize * (process.geteuid?.() === 0 ? bfree : bavail),
    totalBytes: bsize * blocks,
    freeFiles: files === 0 ? undefined : ffree,
    readOnly: await isReadOnly(root),
  };
}

async function isReadOnly(root: string): Promise<boolean> {
  try {
    await access(root, constants.W_OK);
    return false;
  } catch (error) {
    return hasErrno(error, 'EROFS');
  }
}
