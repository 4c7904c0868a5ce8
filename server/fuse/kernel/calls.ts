import { AppError } from '../../base/errors.ts';
import type { Call } from './call.ts';

/** How many interrupts whose request wasn't found are remembered. */
const MOST_EARLY = 256;

/** The requests under way, by their number. */
export class Calls {
  readonly #calls = new Map<number, Call>();
  readonly #early = new Set<number>();
  readonly #whenIdle = new Set<() => void>();

  add(call: Call): void {
    const { unique } = call.header;
    this.#calls.set(unique, call);
    if (this.#early.delete(unique)) call.interrupt(new AppError('INTERRUPTED'));
  }

  remove(call: Call): void {
    this.#calls.delete(call.header.unique);
    if (this.#calls.size === 0) for (const onIdle of this.#whenIdle) onIdle();
  }

  /** An interrupt may overtake its request, which another read of the device has taken; or come after the answer. */
  interrupt(unique: number): void {
    const call = this.#calls.get(unique);
    if (call) return call.interrupt(new AppError('INTERRUPTED'));
    this.#early.add(unique);
    const [oldest] = this.#early;
    if (this.#early.size > MOST_EARLY && oldest !== undefined) this.#early.delete(oldest);
  }

  interruptAll(reason: AppError): void {
    for (const call of this.#calls.values()) call.interrupt(reason);
  }

  /** Whether nothing is under way, now or before the limit. */
  idleWithin(limitMs: number): Promise<boolean> {
    if (this.#calls.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const onIdle = () => {
        clearTimeout(timer);
        this.#whenIdle.delete(onIdle);
        resolve(this.#calls.size === 0);
      };
      const timer = setTimeout(onIdle, limitMs);
      this.#whenIdle.add(onIdle);
    });
  }
}
