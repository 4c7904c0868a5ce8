import type { Socket } from 'node:net';

/** What may wait inside one direction before its source is paused. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const SHORTEST_TIMER_MS = 1;
/** Never woken. */
const NOTHING = new Int32Array(new SharedArrayBuffer(4));

export interface PipeConditions {
  /** One way. */
  readonly delayMs: number;
  /** 0: unlimited. */
  readonly bytesPerSecond: number;
  readonly frozen: boolean;
}

/** How much of a chunk may pass, and whether the connection is cut behind it. */
export interface Admission {
  readonly pass: Buffer;
  readonly cut: boolean;
}

interface Waiting {
  readonly dueMs: number;
  readonly item: Buffer | 'end' | 'cut';
}

/** Carries one direction of a connection under conditions that may change at any time; order is kept. */
export class DelayedPipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #conditions: () => PipeConditions;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lineFreeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #onCut: () => void = () => {};

  constructor(source: Socket, sink: Socket, conditions: () => PipeConditions) {
    this.#source = source;
    this.#sink = sink;
    this.#conditions = conditions;
  }

  /** `admit` judges each chunk as it arrives; `onCut` is called when all that passed before a cut is sent. */
  start(admit: (chunk: Buffer) => Admission, onCut: () => void): void {
    this.#onCut = onCut;
    this.#source.on('data', (chunk: Buffer) => {
      if (this.#stopped) return;
      const { pass, cut } = admit(chunk);
      this.#add(pass);
      if (!cut) return;
      this.#add('cut');
      this.#stopped = true;
    });
    this.#source.on('end', () => this.#add('end'));
    this.#sink.on('drain', () => this.wake());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#stopped = true;
  }

  /** Looks again after the conditions have changed. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#forward();
  }

  #add(item: Waiting['item']): void {
    if (this.#stopped) return;
    const sizeBytes = sizeOf(item);
    this.#waiting.push({ dueMs: this.#dueMs(sizeBytes), item });
    this.#waitingBytes += sizeBytes;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#source.pause();
    if (!this.#timer) this.#forward();
  }

  /** First the line must be free for the bytes, then they travel. */
  #dueMs(sizeBytes: number): number {
    const { delayMs, bytesPerSecond } = this.#conditions();
    const nowMs = performance.now();
    const sentMs =
      bytesPerSecond > 0 ? Math.max(nowMs, this.#lineFreeMs) + (sizeBytes * 1000) / bytesPerSecond : nowMs;
    this.#lineFreeMs = sentMs;
    return Math.max(sentMs + delayMs, this.#waiting.at(-1)?.dueMs ?? 0);
  }

  #forward(): void {
    this.#timer = undefined;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#conditions().frozen || this.#sink.destroyed || this.#sink.writableNeedDrain) return;
      const waitMs = next.dueMs - performance.now();
      // No timer is as short as such a line, and nobody else has anything to do here for so little.
      const { delayMs } = this.#conditions();
      if (waitMs > 0 && waitMs <= delayMs && delayMs < SHORTEST_TIMER_MS) Atomics.wait(NOTHING, 0, 0, waitMs);
      else if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#forward(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= sizeOf(next.item);
      this.#send(next.item);
    }
    if (this.#source.isPaused()) this.#source.resume();
  }

  #send(item: Waiting['item']): void {
    if (item === 'end') this.#sink.end();
    // A reset throws away what the kernel has not taken yet, so the cut waits for that.
    else if (item === 'cut') this.#sink.write(Buffer.alloc(0), this.#onCut);
    else this.#sink.write(item);
  }
}

function sizeOf(item: Waiting['item']): number {
  return typeof item === 'string' ? 0 : item.length;
}
