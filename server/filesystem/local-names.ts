import type { BigIntStats } from 'node:fs';
import { rename, rmdir, unlink } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import { appErrorOf, hasErrno } from './errno.ts';
import type { ApplyOptions } from './file-tree.ts';
import type { LocalPaths } from './local-paths.ts';
import type { LocalPreImages } from './local-pre-images.ts';
import { isSameInode, lstatOptional } from './local-stat.ts';
import type { OpenFiles } from './open-files.ts';
import type { OperationOf } from './operation.ts';
import { ROOT } from './tree-path.ts';

/** Names that go or move: unlink, rmdir, rename. */
export class LocalNames {
  readonly #paths: LocalPaths;
  readonly #files: OpenFiles;
  readonly #preImages: LocalPreImages;

  constructor(paths: LocalPaths, files: OpenFiles, preImages: LocalPreImages) {
    this.#paths = paths;
    this.#files = files;
    this.#preImages = preImages;
  }

  async unlink({ path }: OperationOf<'unlink'>, { repeated, preImage }: ApplyOptions): Promise<void> {
    const absolute = this.#paths.absolute(path);
    const stat = await lstatOptional(absolute);
    if (stat?.isDirectory()) throw new AppError('IS_A_DIRECTORY');
    if (!stat && repeated) return;
    const kept = stat && preImage !== undefined && (await this.#preImages.takeAway(absolute, stat, preImage));
    // ORDER: closed before, so that unlink(2) frees the space, in the thread pool, and not a last close on the event loop.
    this.#files.forget(path);
    if (!kept) await unlink(absolute);
  }

  async rmdir({ path }: OperationOf<'rmdir'>, { repeated }: ApplyOptions): Promise<void> {
    if (path === ROOT) throw new AppError('BUSY');
    const absolute = this.#paths.absolute(path);
    try {
      await rmdir(absolute);
    } catch (error) {
      if (repeated && hasErrno(error, 'ENOENT')) return;
      throw notEmpty(error);
    }
  }

  async rename({ path, to }: OperationOf<'rename'>, { repeated, preImage }: ApplyOptions): Promise<void> {
    if (path === ROOT || to === ROOT) throw new AppError('BUSY');
    const [from, target] = [this.#paths.absolute(path), this.#paths.absolute(to)];
    const moving = await lstatOptional(from);
    const replaced = await lstatOptional(target);
    if (!moving && replaced && repeated) return;
    const kept =
      preImage !== undefined && replaces(moving, replaced)
        ? await this.#preImages.keep(target, replaced, preImage)
        : false;
    // ORDER: as in `unlink`, since the rename may take a large file's last name.
    this.#files.forgetBelow(path);
    this.#files.forgetBelow(to);
    try {
      await rename(from, target);
    } catch (error) {
      if (kept && preImage !== undefined) await this.#preImages.drop(preImage);
      throw notEmpty(error);
    }
  }
}

/** Whether the rename takes an inode's name away: not between two names of one file, not over a directory. */
function replaces(
  moving: BigIntStats | undefined,
  replaced: BigIntStats | undefined,
): replaced is BigIntStats {
  if (!moving || !replaced || moving.isDirectory() || replaced.isDirectory()) return false;
  return !isSameInode(moving, replaced);
}

/** Some file systems say EEXIST for a directory that is not empty. */
function notEmpty(error: unknown): AppError {
  return hasErrno(error, 'EEXIST')
    ? new AppError('NOT_EMPTY', undefined, { cause: error })
    : appErrorOf(error);
}
