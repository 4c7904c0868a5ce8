import { chmod, lchown, lstat } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import type { LocalPaths } from './local-paths.ts';
import { setTimes } from './local-times.ts';
import type { OperationOf } from './operation.ts';

/** chmod, chown and times, each a single system call that never follows a symlink. */
export class LocalAttributes {
  readonly #paths: LocalPaths;

  constructor(paths: LocalPaths) {
    this.#paths = paths;
  }

  async chmod({ path, mode }: OperationOf<'chmod'>): Promise<void> {
    const absolute = this.#paths.absolute(path);
    // A symlink has no mode of its own on Linux, and chmod(2) would follow it.
    if ((await lstat(absolute)).isSymbolicLink()) throw new AppError('NOT_SUPPORTED');
    await chmod(absolute, mode);
  }

  async chown({ path, uid, gid }: OperationOf<'chown'>): Promise<void> {
    await lchown(this.#paths.absolute(path), uid, gid);
  }

  times({ path, atimeNs, mtimeNs }: OperationOf<'times'>): void {
    setTimes(this.#paths.absolute(path), { atimeNs, mtimeNs });
  }
}
