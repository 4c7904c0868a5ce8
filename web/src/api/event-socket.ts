import { type Socket, io } from 'socket.io-client';
import type {
  ClientToServerEvents,
  EventEnvelope,
  EventPosition,
  RecordPayloads,
  ServerToClientEvents,
} from '../../../shared/events.ts';
import type { Subscription } from '../../../shared/requests.ts';
import { serverAddress } from './http.ts';

export interface EventSocketListener {
  connected(): void;
  /** Called at once when the connection breaks, and again at each failed attempt to restore it. */
  disconnected(cause: string): void;
  events(envelopes: readonly EventEnvelope[]): void;
  reset(position: EventPosition): void;
  logLines(page: RecordPayloads['log.lines']): void;
  auditEntry(): void;
}

/** The socket to the server, which tries for ever to stay open. */
export class EventSocket {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #listener: EventSocketListener;
  #lastHeardMs = 0;

  constructor(listener: EventSocketListener) {
    this.#listener = listener;
    const path = serverAddress('/socket.io').pathname;
    this.#socket = io({ path, autoConnect: false, reconnectionDelay: 500, reconnectionDelayMax: 2000 });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** When the server was last heard, in the browser's time. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  start(): void {
    this.#socket.on('connect', () => {
      this.#heard();
      // The engine is another one after each reconnect.
      this.#socket.io.engine.on('packet', () => this.#heard());
      this.#listener.connected();
    });
    this.#socket.on('disconnect', (reason) => {
      // Our own restart() has said already why.
      if (reason !== 'io client disconnect') this.#listener.disconnected(reason);
    });
    this.#socket.on('connect_error', (error) => this.#listener.disconnected(error.message));
    this.#socket.on('events', (envelopes) => this.#listener.events(envelopes));
    this.#socket.on('reset', (position) => this.#listener.reset(position));
    this.#socket.on('log.lines', (page) => this.#listener.logLines(page));
    this.#socket.on('audit.entry', () => this.#listener.auditEntry());
    this.#socket.connect();
  }

  stop(): void {
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  subscribe(wanted: Subscription): void {
    this.#socket.emit('subscribe', wanted, (answer) => {
      if (!answer.ok) this.#listener.disconnected(answer.message);
    });
  }

  /** Gives up a connection that has gone silent; a new one is tried at once. */
  restart(): void {
    this.#socket.disconnect();
    this.#socket.connect();
  }

  #heard(): void {
    this.#lastHeardMs = Date.now();
  }
}
