/** Large buffers that are used again and again, and lent to so many at a time; the others wait in order. */
export class PooledBuffers {
  readonly #sizeBytes: number;
  readonly #most: number;
  readonly #free: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  #made = 0;

  constructor(sizeBytes: number, most: number) {
    this.#sizeBytes = sizeBytes;
    this.#most = most;
  }

  async take(): Promise<Buffer> {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#made >= this.#most) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#made++;
    return Buffer.allocUnsafeSlow(this.#sizeBytes);
  }

  give(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(buffer);
    else this.#free.push(buffer);
  }
}
