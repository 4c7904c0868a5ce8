import { isUtf8 } from 'node:buffer';
import { AppError } from '../../../base/errors.ts';
import { viewOf, type Structure } from './structure.ts';

/** What follows the header of a request, taken from front to back. Throws INVALID_ARGUMENT where it is cut off. */
export class Body {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  structure<T>(layout: Structure<T>): T {
    const at = this.#advance(layout.sizeBytes);
    return layout.read(this.#view, at);
  }

  /** A name or a link's target, up to its NUL. Throws NAME_NOT_UTF8 before anybody acts on other bytes than were meant. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new AppError('INVALID_ARGUMENT', 'a name without an end');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    if (!isUtf8(bytes)) throw new AppError('NAME_NOT_UTF8');
    return bytes.toString('utf8');
  }

  /** The next bytes, in the memory of the request. */
  bytes(lengthBytes: number): Buffer {
    const at = this.#advance(lengthBytes);
    return this.#bytes.subarray(at, at + lengthBytes);
  }

  #advance(lengthBytes: number): number {
    const at = this.#at;
    if (at + lengthBytes > this.#bytes.length) throw new AppError('INVALID_ARGUMENT', 'a request cut off');
    this.#at = at + lengthBytes;
    return at;
  }
}
