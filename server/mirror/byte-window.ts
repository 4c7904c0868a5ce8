/** Content under way at once, over all files: what fills a fast, distant line, and bounds the memory. */
const MOST_BYTES = 8 * 1024 * 1024;
const FIRST_BYTES = 1024 * 1024;
const FEWEST_BYTES = 128 * 1024;
/** An answer that took less has the window grow, one that took longer has it shrink. */
const QUICK_MS = 1000;
const SLOW_MS = 2000;

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * Permits for content under way, first come, first served: as much as fills the line, and not much more than it carries
 * in a second or two, since what is sent behind it waits for it: the renewal of the lease, above all.
 */
export class ByteWindow {
  #sizeBytes = FIRST_BYTES;
  #underWayBytes = 0;
  /** No answer has taken long so far: it grows twice as fast. */
  #isOpening = true;
  readonly #waiting: Waiting[] = [];

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Resolves when so much may be sent, undefined when at once. What is larger than the window goes alone. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#underWayBytes += bytes;
      return undefined;
    }
    return new Promise((grant) => this.#waiting.push({ bytes, grant }));
  }

  /** `tookMs`: from sending it to its answer; undefined where it was not sent. */
  give(bytes: number, tookMs?: number): void {
    if (tookMs !== undefined) this.#adapt(bytes, tookMs);
    this.#underWayBytes -= bytes;
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#underWayBytes += next.bytes;
      next.grant();
    }
  }

  #fits(bytes: number): boolean {
    return this.#underWayBytes === 0 || this.#underWayBytes + bytes <= this.#sizeBytes;
  }

  #adapt(bytes: number, tookMs: number): void {
    if (tookMs >= QUICK_MS) this.#isOpening = false;
    const growthBytes = this.#isOpening ? 2 * bytes : bytes;
    if (tookMs < QUICK_MS) this.#sizeBytes = Math.min(MOST_BYTES, this.#sizeBytes + growthBytes);
    else if (tookMs > SLOW_MS) this.#sizeBytes = Math.max(FEWEST_BYTES, Math.floor(this.#sizeBytes / 2));
  }
}
