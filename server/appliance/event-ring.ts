import { randomUUID } from 'node:crypto';
import type { EventEnvelope, EventName, EventPayloads, EventPosition } from '../../shared/events.ts';
import { TypedEmitter } from '../base/emitter.ts';

const KEPT_EVENTS = 2000;

/** The last events with their numbers, so that a reader who was away a moment misses nothing. */
export class EventRing {
  readonly #live = new TypedEmitter<{ event: EventEnvelope }>();
  readonly #bootId = randomUUID();
  #kept: EventEnvelope[] = [];
  #seq = 0;

  emit<Name extends EventName>(event: Name, data: EventPayloads[Name]): void {
    const envelope = { seq: ++this.#seq, at: new Date().toISOString(), event, data } as EventEnvelope;
    this.#kept.push(envelope);
    if (this.#kept.length > 2 * KEPT_EVENTS) this.#kept = this.#kept.slice(-KEPT_EVENTS);
    this.#live.emit('event', envelope);
  }

  position(): EventPosition {
    return { seq: this.#seq, bootId: this.#bootId };
  }

  since(seq: number, bootId: string): readonly EventEnvelope[] | 'reset' {
    const oldest = this.#kept[0]?.seq ?? this.#seq + 1;
    if (bootId !== this.#bootId || seq > this.#seq || seq < oldest - 1) return 'reset';
    return this.#kept.slice(seq + 1 - oldest);
  }

  on(listener: (envelope: EventEnvelope) => void): () => void {
    return this.#live.on('event', listener);
  }
}
