import type { Attributes, FuseHandlers, Handle, ListedEntry } from '../driver.ts';
import { directoryEntryBytes } from './protocol/directory-entry.ts';

/** An entry in the order of a listing. */
export interface StreamEntry {
  readonly name: Buffer;
  readonly listed: ListedEntry;
  /** What was found in this very request; later it may no longer be so. */
  readonly attributes: Attributes | undefined;
  readonly nextOffset: number;
}

/**
 * A listing that the kernel reads by offset (the number of the entry), on top of pages that only go forward. The
 * kernel goes on where it could hand on no more, somewhere in the last answer: so what lies behind its offset
 * is let go, and what lies ahead is kept. A step back starts the listing over.
 */
export class DirectoryStream {
  readonly #handlers: FuseHandlers;
  readonly #handle: Handle;
  readonly #dots: readonly ListedEntry[];
  #entries: StreamEntry[] = [];
  #first = 0;
  #last = 0;
  #ended = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(handlers: FuseHandlers, handle: Handle, dots: readonly ListedEntry[]) {
    this.#handlers = handlers;
    this.#handle = handle;
    this.#dots = dots;
  }

  /** As many entries from `offset` as fit; none is the end. */
  read(offset: number, sizeBytes: number, plus: boolean): Promise<readonly StreamEntry[]> {
    const result = this.#queue.then(() => this.#read(offset, sizeBytes, plus));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #read(offset: number, sizeBytes: number, plus: boolean): Promise<readonly StreamEntry[]> {
    if (offset < this.#first || (offset === 0 && this.#last > 0)) await this.#startOver();
    this.#entries = this.#entries.map((entry) => ({ ...entry, attributes: undefined }));
    await this.#skipTo(offset);
    const fitting: StreamEntry[] = [];
    let left = sizeBytes;
    for (let index = 0; ; index++) {
      if (index === this.#entries.length && !(await this.#more())) break;
      const entry = this.#entries[index];
      left -= directoryEntryBytes(entry?.name.length ?? 0, plus);
      if (!entry || left < 0) break;
      fitting.push(entry);
    }
    return fitting;
  }

  async #startOver(): Promise<void> {
    await this.#handlers.rewinddir(this.#handle);
    this.#entries = [];
    this.#first = 0;
    this.#last = 0;
    this.#ended = false;
  }

  async #skipTo(offset: number): Promise<void> {
    for (;;) {
      const behind = Math.min(offset - this.#first, this.#entries.length);
      this.#entries.splice(0, behind);
      this.#first += behind;
      if (this.#first >= offset || !(await this.#more())) return;
    }
  }

  /** Adds the next entries; false at the end. */
  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const page = this.#last === 0 ? this.#dots : await this.#handlers.readdir(this.#handle);
    this.#ended = page.length === 0;
    for (const listed of page) {
      const { attributes } = listed;
      this.#entries.push({ name: Buffer.from(listed.name), listed, attributes, nextOffset: ++this.#last });
    }
    return !this.#ended;
  }
}
