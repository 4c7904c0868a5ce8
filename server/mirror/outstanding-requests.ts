import { AppError } from '../base/errors.ts';

/** A request that was sent and not answered yet. */
export interface Outstanding {
  readonly name: string;
  reject(error: AppError): void;
}

/**
 * The requests under way on one connection, oldest first, and the one deadline: whichever is the oldest must
 * be answered within `timeoutMs` of becoming the oldest. So a slow line that makes progress is never cut,
 * and a silent one is.
 */
export class OutstandingRequests {
  readonly #timeoutMs: number;
  readonly #onSilence: (error: AppError) => void;
  readonly #requests = new Set<Outstanding>();
  #oldestSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, onSilence: (error: AppError) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onSilence = onSilence;
  }

  get count(): number {
    return this.#requests.size;
  }

  add(request: Outstanding): void {
    if (this.#requests.size === 0) this.#oldestSinceMs = performance.now();
    this.#requests.add(request);
    this.#timer ??= setTimeout(this.#look, this.#timeoutMs);
  }

  /** Takes an answered request out; false for one that is no longer waited for. */
  answered(request: Outstanding): boolean {
    const wasOldest = this.#oldest() === request;
    if (!this.#requests.delete(request)) return false;
    if (wasOldest) this.#oldestSinceMs = performance.now();
    return true;
  }

  /** Rejects all of them, oldest first, and stops looking. */
  rejectAll(error: AppError): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const requests = [...this.#requests];
    this.#requests.clear();
    for (const request of requests) request.reject(error);
  }

  #oldest(): Outstanding | undefined {
    const [oldest] = this.#requests;
    return oldest;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (this.#requests.size === 0) return;
    const leftMs = this.#oldestSinceMs + this.#timeoutMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(this.#look, leftMs);
      return;
    }
    // If this process was held up, answers may lie unread in the socket: they are read before the verdict.
    const suspect = this.#oldest();
    setImmediate(() => setImmediate(() => this.#judge(suspect)));
  };

  #judge(suspect: Outstanding | undefined): void {
    const oldest = this.#oldest();
    if (!oldest) return;
    if (oldest !== suspect) {
      this.#timer ??= setTimeout(this.#look, this.#timeoutMs);
      return;
    }
    const seconds = this.#timeoutMs / 1000;
    this.#onSilence(new AppError('MIRROR_TIMEOUT', `${oldest.name}: no answer within ${seconds} s`));
  }
}
