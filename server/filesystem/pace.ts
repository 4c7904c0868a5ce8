/** So long takes what the kernel has to ask a disk for, and nothing that it knows. */
const SLOW_MS = 1;
const POOLED_CALLS = 256;

/**
 * What the kernel knows it answers in microseconds, less than a turn through the thread pool takes; what it has to ask a
 * disk for would hold up everything else meanwhile. The last call tells which it will be.
 */
export class Pace {
  readonly #nowMs: () => number;
  #pooledLeft = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** `now` and `pooled` do the same. */
  async run<T>(now: () => T, pooled: () => Promise<T>): Promise<T> {
    if (this.#pooledLeft > 0) {
      this.#pooledLeft -= 1;
      return pooled();
    }
    const startMs = this.#nowMs();
    try {
      return now();
    } finally {
      if (this.#nowMs() - startMs > SLOW_MS) this.#pooledLeft = POOLED_CALLS;
    }
  }
}
