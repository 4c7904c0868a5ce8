import type { EventBatch, EventPosition } from '../../shared/events.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';

/** The live events for readers at any pace: nothing is kept here, each reader comes back with its position. */
export class EventFeed {
  readonly #controlPlane: ControlPlane;
  readonly #listeners = new Set<() => void>();
  #unsubscribe: (() => void) | undefined;

  constructor(controlPlane: ControlPlane) {
    this.#controlPlane = controlPlane;
  }

  start(): void {
    this.#unsubscribe = this.#controlPlane.onEvent(() => this.#wake());
  }

  /** Everyone who waits is let go. */
  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#wake();
  }

  position(): EventPosition {
    return this.#controlPlane.position();
  }

  /** What came after `since`, at most `maxEvents`; the answer's position is where to go on. */
  read(since: EventPosition, maxEvents: number): EventBatch {
    const events = this.#controlPlane.eventsSince(since.seq, since.bootId);
    if (events === 'reset') return { ...this.position(), reset: true, events: [] };
    const page = events.slice(0, maxEvents);
    return { seq: page.at(-1)?.seq ?? since.seq, bootId: since.bootId, reset: false, events: page };
  }

  /** Calls at each event; the answer unsubscribes. */
  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves at the next event, when the feed stops, when the signal aborts, or after `limitMs`. */
  nextEvent(limitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || !this.#unsubscribe) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        unsubscribe();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const unsubscribe = this.onNews(done);
      const timer = setTimeout(done, limitMs);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }
}
