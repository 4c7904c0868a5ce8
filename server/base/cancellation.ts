import type { AppError } from './errors.ts';

/**
 * Says once that something is given up, and why. Cheaper than an AbortController, which most work never needs: its
 * signal is only made for those who ask for it.
 */
export class Cancellation {
  readonly #listeners = new Set<() => void>();
  #controller: AbortController | undefined;
  #reason: AppError | undefined;

  /** Why; undefined while it goes on. */
  get reason(): AppError | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The first reason counts. */
  cancel(reason: AppError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  throwIfCancelled(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Calls back once when it is cancelled, at once if it is already; the answer takes that back. */
  onCancel(listener: () => void): () => void {
    if (this.#reason) listener();
    else this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Follows `work` until it is given up; then answers undefined, and `work` goes on unheard. */
  async orCancelled<T>(work: Promise<T>): Promise<T | undefined> {
    if (this.#reason) {
      work.catch(() => {});
      return undefined;
    }
    let unregister = () => {};
    const cancelled = new Promise<undefined>((resolve) => {
      unregister = this.onCancel(() => resolve(undefined));
    });
    try {
      return await Promise.race([work, cancelled]);
    } finally {
      unregister();
    }
  }
}
