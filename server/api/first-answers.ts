import { AppError } from '../base/errors.ts';

const MOST_KEPT = 500;
const MOST_AGE_MS = 24 * 3_600_000;

/** What was answered to a request that made something; `payload` is null where it told a secret. */
export interface FirstAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly payload: string | null;
}

interface Kept {
  /** Tells the same request from another one that comes with its key. */
  readonly fingerprint: string;
  readonly endedMs: number;
  /** undefined while it is under way. */
  readonly answer: FirstAnswer | undefined;
}

/**
 * What this run has answered to requests that make something, by the key they came with, so that one that is sent again makes
 * nothing more. Bounded by count and age; one that failed is forgotten, as it has made nothing.
 */
export class FirstAnswers {
  readonly #nowMs: () => number;
  /** In the order of their ends, the first is the oldest; those under way stand anywhere. */
  readonly #kept = new Map<string, Kept>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /**
   * The answer to give again; undefined where the request is the first with this key, which is under way then until `end`. Throws
   * IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_BUSY or SECRET_TOLD.
   */
  begin(key: string, fingerprint: string): FirstAnswer | undefined {
    this.#dropOld();
    const kept = this.#kept.get(key);
    if (!kept) {
      this.#kept.set(key, { fingerprint, endedMs: Infinity, answer: undefined });
      return undefined;
    }
    if (kept.fingerprint !== fingerprint) throw new AppError('IDEMPOTENCY_KEY_REUSED');
    if (!kept.answer) throw new AppError('IDEMPOTENCY_KEY_BUSY');
    if (kept.answer.payload === null) throw new AppError('SECRET_TOLD');
    return kept.answer;
  }

  /** The first request is over; without an answer it has made nothing, and its key is free. */
  end(key: string, answer: FirstAnswer | undefined): void {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    if (kept && answer) this.#kept.set(key, { ...kept, endedMs: this.#nowMs(), answer });
  }

  /** Never one that is under way: the same would be begun once more. */
  #dropOld(): void {
    const ended = [...this.#kept].filter(([, { answer }]) => answer);
    const tooMany = ended.length - MOST_KEPT;
    const oldestMs = this.#nowMs() - MOST_AGE_MS;
    for (const [index, [key, { endedMs }]] of ended.entries())
      if (index < tooMany || endedMs <= oldestMs) this.#kept.delete(key);
  }
}
