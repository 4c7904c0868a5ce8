import { lstat, realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { errnoOf, STATUS, StatusError } from './sftp-status.ts';
import { type ByteText, byteText, bytesOf } from './sftp-wire.ts';

/**
 * The one directory that a server shows, under its real absolute path, as a login whose home it is would see
 * it. Whatever leads outside, be it through `..` or through a symlink, is refused as PERMISSION_DENIED.
 */
export class ServedDirectory {
  readonly #root: ByteText;

  /** `root` is absolute and free of symlinks. */
  constructor(root: string) {
    this.#root = byteText(root);
  }

  /** Where the last name of `path` lies; a symlink there is not followed. */
  async locate(path: ByteText): Promise<Buffer> {
    return bytesOf(await this.#locate(path));
  }

  /** What `path` leads to, following symlinks; the last name may be missing. */
  async follow(path: ByteText): Promise<Buffer> {
    return bytesOf(await this.#follow(path));
  }

  /** The absolute path without symlinks, as REALPATH answers it. */
  async canonical(path: ByteText): Promise<ByteText> {
    return this.#follow(path);
  }

  /** `path` as seen from the served directory, for people: `/` or `/a/b`. */
  shown(path: ByteText): string {
    const absolute = this.#absolute(path);
    const inside = this.#holds(absolute) ? absolute.slice(this.#root.length) || '/' : absolute;
    return bytesOf(inside).toString('utf8');
  }

  async #locate(path: ByteText): Promise<ByteText> {
    const absolute = this.#absolute(path);
    if (absolute.includes('\0')) throw new StatusError(STATUS.noSuchFile);
    if (absolute === this.#root) return absolute;
    const parent = await realpath(bytesOf(posix.dirname(absolute)), 'latin1');
    return this.#confined(posix.join(parent, posix.basename(absolute)));
  }

  async #follow(path: ByteText): Promise<ByteText> {
    const located = await this.#locate(path);
    try {
      return this.#confined(await realpath(bytesOf(located), 'latin1'));
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT' || (await exists(located))) throw thrown;
      return located;
    }
  }

  #absolute(path: ByteText): ByteText {
    return posix.resolve(this.#root, path);
  }

  #confined(absolute: ByteText): ByteText {
    if (!this.#holds(absolute)) throw new StatusError(STATUS.permissionDenied);
    return absolute;
  }

  #holds(absolute: ByteText): boolean {
    return absolute === this.#root || absolute.startsWith(`${this.#root}/`);
  }
}

/** Tells a missing name from a symlink that leads nowhere. */
async function exists(path: ByteText): Promise<boolean> {
  return lstat(bytesOf(path)).then(
    () => true,
    () => false,
  );
}
