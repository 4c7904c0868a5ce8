import { EventEmitter } from 'node:events';

/** An event emitter whose map type gives every event its one payload. */
export class TypedEmitter<Events extends Record<string, unknown>> {
  readonly #emitter = new EventEmitter();

  constructor() {
    // Each open page and each mirror may listen; the count is no sign of a leak.
    this.#emitter.setMaxListeners(0);
  }

  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): void {
    this.#emitter.emit(name, payload);
  }

  /** Subscribes; the answer unsubscribes. */
  on<Name extends keyof Events & string>(name: Name, listener: (payload: Events[Name]) => void): () => void {
    this.#emitter.on(name, listener);
    return () => {
      this.#emitter.off(name, listener);
    };
  }
}
