import { Cancellation } from '../../base/cancellation.ts';
import { AppError } from '../../base/errors.ts';

/** libfuse's option `intr` makes it send this signal to the thread of an interrupted request, once a second. */
export const INTERRUPT_SIGNAL = 'SIGUSR2';
/** A request that has waited this long is taken to wait for a mirror. */
const LONG_WAIT_MS = 300;

interface Waiting {
  readonly cancellation: Cancellation;
  readonly sinceMs: number;
}

/**
 * Ends changing requests whose callers were interrupted. The signal tells that *some* request was, not which:
 * the thread it goes to is not known here. So it ends every change that has waited for longer than 300 ms.
 * What is tolerated with that: while a mirror hangs, one caller's Ctrl-C also ends the calls of others
 * that hang with it, with EINTR. Their changes are undone as any failed one, so nothing is lost but the attempt.
 */
export class Interrupts {
  readonly #waiting = new Set<Waiting>();
  readonly #onSignal = () => this.#endLongWaits();

  /**
   * Must come before the mount: libfuse sets a handler of its own where there is none, and then Node hears nothing.
   */
  listen(): void {
    process.on(INTERRUPT_SIGNAL, this.#onSignal);
  }

  /** The process goes on ignoring the signal: a late one would end it if nobody listened. */
  forget(): void {
    if (!process.listeners(INTERRUPT_SIGNAL).includes(ignoreSignal))
      process.on(INTERRUPT_SIGNAL, ignoreSignal);
    process.off(INTERRUPT_SIGNAL, this.#onSignal);
  }

  async watch<T>(work: (cancellation: Cancellation) => Promise<T>): Promise<T> {
    const waiting = { cancellation: new Cancellation(), sinceMs: performance.now() };
    this.#waiting.add(waiting);
    try {
      return await work(waiting.cancellation);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Ends all that still wait, whoever waits for them. */
  endAll(reason: AppError): void {
    for (const { cancellation } of this.#waiting) cancellation.cancel(reason);
  }

  #endLongWaits(): void {
    const longBeforeMs = performance.now() - LONG_WAIT_MS;
    for (const { cancellation, sinceMs } of this.#waiting) {
      if (sinceMs <= longBeforeMs) cancellation.cancel(new AppError('INTERRUPTED'));
    }
  }
}

function ignoreSignal(): void {}
