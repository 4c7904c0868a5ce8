import { Permits } from '../base/permits.ts';

const MIB = 1024 * 1024;
/** As much as keeps a near server busy. */
const LEAST_BYTES = 16 * MIB;
/** As much as may be spent on a distant one. */
const MOST_BYTES = 32 * MIB;
/** A small file takes three round trips, one after the other: so much fills them with some thousand files a second. */
const BYTES_PER_MS = (2 / 3) * MIB;
/** So much of a large file is held at a time, and beside the content so much for each file. */
const LARGEST_SHARE_BYTES = 2 * MIB;
const EACH_BYTES = 28 * 1024;
/** Entries of directories that are looked at, compared or sent. */
const MOST_ENTRIES = 2048;

/**
 * What repairs that share it may have on their way at once: as many small files as a distant line takes, or a few large
 * ones. `roundTripMs` is undefined where it is not known.
 */
export class RepairRoom {
  readonly entries = new Permits(MOST_ENTRIES);
  readonly #bytes: Permits;

  constructor(roundTripMs?: number) {
    const wanted = Math.round((roundTripMs ?? 0) * BYTES_PER_MS);
    this.#bytes = new Permits(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, wanted)));
  }

  /** Runs work on content of such a size when there is room for it. */
  async with<T>(sizeBytes: number, work: () => Promise<T>): Promise<T> {
    const shareBytes = EACH_BYTES + Math.min(sizeBytes, LARGEST_SHARE_BYTES);
    await this.#bytes.take(shareBytes);
    try {
      return await work();
    } finally {
      this.#bytes.give(shareBytes);
    }
  }
}
