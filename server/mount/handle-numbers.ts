import { AppError } from '../base/errors.ts';
import type { Handle } from '../fuse/driver.ts';

/** The largest number that every driver can carry (a positive 32-bit integer). */
const LARGEST_HANDLE = 0x7fff_ffff;

/** Things under handles of one number space, so that a file's handle is never taken for a directory's. */
export class HandleNumbers {
  readonly #taken = new Set<Handle>();
  #last: Handle = 0;

  take(): Handle {
    if (this.#taken.size >= LARGEST_HANDLE - 1) throw new AppError('TOO_MANY_OPEN_FILES');
    do this.#last = this.#last >= LARGEST_HANDLE ? 1 : this.#last + 1;
    while (this.#taken.has(this.#last));
    this.#taken.add(this.#last);
    return this.#last;
  }

  giveBack(handle: Handle): void {
    this.#taken.delete(handle);
  }
}
