import type { BigIntStats } from 'node:fs';
import { link, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../base/errors.ts';
import { hasErrno } from './errno.ts';
import { ensurePrivateDirectory, type LocalPaths } from './local-paths.ts';
import { isSameInode, lstatOptional } from './local-stat.ts';

/** Where a pre-image can't be kept (another file system mounted inside, no hard links) there is none. */
const CANNOT_KEEP = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** What unlink removed and rename replaced, under a name of its own until the outcome is known. */
export class LocalPreImages {
  readonly #paths: LocalPaths;

  constructor(paths: LocalPaths) {
    this.#paths = paths;
  }

  /** Moves the entry away, which unlinks it; false where that can't be done. */
  async takeAway(absolute: string, stat: BigIntStats, name: string): Promise<boolean> {
    const kept = this.#paths.preImage(name);
    await ensurePrivateDirectory(this.#paths.undoDirectory);
    // rename(2) between two names of one file does nothing at all, so an older link must not be in the way.
    if (stat.nlink > 1n) await removeIfThere(kept);
    try {
      await rename(absolute, kept);
      return true;
    } catch (error) {
      if (hasErrno(error, ...CANNOT_KEEP)) return false;
      throw error;
    }
  }

  /** Gives the entry a further name, so that it outlives being replaced; false where that can't be done. */
  async keep(absolute: string, stat: BigIntStats, name: string): Promise<boolean> {
    const kept = this.#paths.preImage(name);
    await ensurePrivateDirectory(this.#paths.undoDirectory);
    const earlier = await lstatOptional(kept);
    if (earlier && isSameInode(earlier, stat)) return true;
    if (earlier) await unlink(kept);
    try {
      await link(absolute, kept);
      return true;
    } catch (error) {
      if (hasErrno(error, ...CANNOT_KEEP)) return false;
      throw error;
    }
  }

  async restore(name: string, absolute: string): Promise<boolean> {
    const kept = this.#paths.preImage(name);
    const stat = await lstatOptional(kept);
    if (!stat) return false;
    const standing = await lstatOptional(absolute);
    if (standing?.isDirectory()) throw new AppError('IS_A_DIRECTORY');
    await rename(kept, absolute);
    // Between two names of one file rename(2) leaves both.
    if (standing && isSameInode(standing, stat)) await removeIfThere(kept);
    return true;
  }

  async drop(name: string): Promise<void> {
    await removeIfThere(this.#paths.preImage(name));
  }

  /** Removes all pre-images and staged files. */
  async dropLeftovers(): Promise<void> {
    for (const directory of [this.#paths.undoDirectory, this.#paths.stagingDirectory]) {
      for (const name of await readdir(directory).catch(noneIfMissing)) {
        await rm(join(directory, name), { recursive: true, force: true });
      }
    }
  }
}

async function removeIfThere(absolute: string): Promise<void> {
  try {
    await unlink(absolute);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

function noneIfMissing(error: unknown): string[] {
  if (hasErrno(error, 'ENOENT')) return [];
  throw error;
}
