import type { Overview } from '../../../shared/api.ts';
import type { EventEnvelope, EventPosition } from '../../../shared/events.ts';
import { type Live, foldEvent } from './fold-events.ts';

/** Beyond this many events the page refetches instead of folding. */
const KEPT_EVENTS = 5000;

/**
 * Joins fetched overviews and live events into one state without missing or repeating an event, whatever
 * order they arrive in. Events wait in `receive` until `flush`; those already folded are kept a while, since a
 * fetched overview may be older than they are. `needsRefetch` says that events are missing.
 */
export class LiveOverview {
  #live: Live | undefined;
  #events: EventEnvelope[] = [];
  /** The run of the server that the kept events belong to. */
  #eventsBootId: string | undefined;
  #needsRefetch = false;

  get live(): Live | undefined {
    return this.#live;
  }

  get needsRefetch(): boolean {
    return this.#needsRefetch;
  }

  /** Where to go on after a lost connection. */
  get position(): EventPosition | undefined {
    if (!this.#live) return undefined;
    return { seq: this.#live.overview.seq, bootId: this.#live.overview.bootId };
  }

  receive(envelopes: readonly EventEnvelope[]): void {
    for (const envelope of envelopes) this.#events.push(envelope);
    if (this.#events.length > KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS);
  }

  /** The server can't tell what was missed: only a new overview helps. */
  reset(position: EventPosition): void {
    this.#events = [];
    this.#eventsBootId = position.bootId;
    this.#needsRefetch = true;
  }

  /** Folds what has arrived; false when that changes nothing. */
  flush(): boolean {
    if (!this.#live || this.#needsRefetch) return false;
    const next = this.#folded(this.#live);
    if (!next) {
      this.#needsRefetch = true;
      return false;
    }
    const changed = next !== this.#live;
    this.#live = next;
    return changed;
  }

  /** Takes a fetched overview and returns the newest state that is known. */
  fetched(overview: Overview): Live {
    const base: Live = { overview, unlisted: 0 };
    if (overview.bootId !== this.#eventsBootId) {
      // After a reset, an answer of the run that the page already knew is of a server that has gone since.
      if (this.#live?.overview.bootId === overview.bootId) return this.#live;
      if (this.#eventsBootId !== undefined) this.#events = [];
      this.#eventsBootId = overview.bootId;
    }
    const next = this.#folded(base);
    if (!next && this.#live && this.#isNewerThan(overview)) return this.#live;
    this.#needsRefetch = next === undefined;
    this.#live = next ?? base;
    return this.#live;
  }

  #isNewerThan(overview: Overview): boolean {
    const current = this.#live?.overview;
    return current !== undefined && current.bootId === overview.bootId && current.seq > overview.seq;
  }

  /** `base` with every later event, or undefined when one between is missing. */
  #folded(base: Live): Live | undefined {
    let next = base;
    for (const envelope of this.#events) {
      if (envelope.seq <= next.overview.seq) continue;
      if (envelope.seq !== next.overview.seq + 1) return undefined;
      next = foldEvent(next, envelope);
    }
    return next;
  }
}
