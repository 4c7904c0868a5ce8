import { sleep } from '../base/wait.ts';

/** Spreads bytes over time, so that catching up leaves room on a slow line. */
export class Throttle {
  readonly #bytesPerSecond: number | undefined;
  #freeAtMs = 0;
  #takenBytes = 0;

  /** Without a limit nothing ever waits. */
  constructor(bytesPerSecond: number | undefined) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** So many in all. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Resolves when so many bytes may be sent, or rejects with the signal's reason. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    this.#takenBytes += bytes;
    if (this.#bytesPerSecond === undefined) return;
    const startMs = Math.max(this.#freeAtMs, Date.now());
    this.#freeAtMs = startMs + (bytes * 1000) / this.#bytesPerSecond;
    if (startMs > Date.now()) await sleep(startMs - Date.now(), signal);
  }
}
