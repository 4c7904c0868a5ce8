import { availableParallelism } from 'node:os';

/** Requests of one program that follow each other come within this, also when each waits for mirrors of the local network. */
const BRISK_MS = 2;

export interface WakefulnessParts {
  readonly processors: number;
  readonly nowMs: () => number;
  /** Has `turn` called in the next turn of the event loop, which doesn't sleep before. */
  readonly inNextTurn: (turn: () => void) => void;
}

const OF_THIS_PROCESS: WakefulnessParts = {
  processors: availableParallelism(),
  nowMs: () => performance.now(),
  inNextTurn: (turn) => void setImmediate(turn),
};

/**
 * Keeps the event loop awake for a moment while things follow each other closely. Falling asleep and being woken takes longer
 * than most requests do, in a virtual machine above all, and delays each step of a program that waits for one after the other.
 */
export class Wakefulness {
  readonly #parts: WakefulnessParts;
  #lastMs = Number.NEGATIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;
  #isAwake = false;

  constructor(parts = OF_THIS_PROCESS) {
    this.#parts = parts;
  }

  /** Something has come that others may follow. */
  arrived(): void {
    const nowMs = this.#parts.nowMs();
    const isBrisk = nowMs - this.#lastMs < BRISK_MS;
    this.#lastMs = nowMs;
    // A single processor is needed by whoever is waited for.
    if (!isBrisk || this.#parts.processors < 2) return;
    this.#untilMs = nowMs + BRISK_MS;
    if (!this.#isAwake) this.#turn();
  }

  readonly #turn = (): void => {
    this.#isAwake = this.#parts.nowMs() < this.#untilMs;
    if (this.#isAwake) this.#parts.inNextTurn(this.#turn);
  };
}
