import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { EventPosition, SubscribeAnswer } from '../../shared/events.ts';
import { subscribeSchema } from '../../shared/requests.ts';
import type { EventFeed } from './event-feed.ts';
import type { Gate } from './gate.ts';
import { hasRoom, type LiveServer, type LiveSocket } from './live-socket.ts';
import { PacedWork } from './paced-work.ts';
import { checked, problemOf } from './problem.ts';
import type { RecordUpdates } from './record-updates.ts';
import { RECORDS_SCOPE } from './routes-records.ts';
import { SocketGate } from './socket-gate.ts';

/** How often events go out at most; pages render less often still. */
const PACE_MS = 50;
const BATCH_EVENTS = 200;
const MESSAGE_LIMIT_BYTES = 16 * 1024;
/** How long a login that has ended may still hear events. */
const RECHECK_MS = 15_000;
const CLIENT_EVENTS = new Set(['subscribe', 'unsubscribe']);

/**
 * Pushes the events to open pages. A page is a position in the feed and nothing more: it is served from there when
 * its connection has room, so a slow one costs no memory, and is told `reset` when the feed has moved on without it.
 */
export class LiveUpdates {
  readonly #feed: EventFeed;
  readonly #records: RecordUpdates;
  readonly #socketGate: SocketGate;
  readonly #positions = new Map<LiveSocket, EventPosition>();
  #server: LiveServer | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #paced = new PacedWork(PACE_MS, () => this.#serveAll());
  #recheck: NodeJS.Timeout | undefined;

  constructor(feed: EventFeed, records: RecordUpdates, gate: Gate) {
    this.#feed = feed;
    this.#records = records;
    this.#socketGate = new SocketGate(gate);
  }

  /** Before the server listens: socket.io puts itself in front of its requests. */
  start(httpServer: HttpServer): void {
    const server: LiveServer = new Server(httpServer, {
      serveClient: false,
      maxHttpBufferSize: MESSAGE_LIMIT_BYTES,
      connectTimeout: 5000,
    });
    this.#socketGate.guard(server.engine);
    server.on('connection', (socket) => this.#onConnection(socket));
    this.#server = server;
    this.#unsubscribe = this.#feed.onNews(() => this.#soon());
    this.#records.start();
    this.#recheck = setInterval(() => this.dropEndedSessions(), RECHECK_MS);
  }

  /** Sends what there still is, then ends every connection. The http server is not closed here. */
  stop(): void {
    this.#unsubscribe?.();
    clearInterval(this.#recheck);
    this.#paced.stop();
    this.#serveAll();
    this.#records.stop();
    this.#server?.disconnectSockets(true);
    this.#server?.engine.close();
    this.#server = undefined;
    this.#positions.clear();
  }

  /** Ends the connections whose login is over. */
  dropEndedSessions(): void {
    for (const socket of this.#server?.sockets.sockets.values() ?? []) {
      if (!this.#socketGate.stillAdmits(socket.request)) socket.disconnect(true);
    }
  }

  #onConnection(socket: LiveSocket): void {
    socket.on('disconnect', () => this.#forget(socket));
    socket.onAny((event: unknown) => {
      if (typeof event !== 'string' || !CLIENT_EVENTS.has(event)) socket.disconnect(true);
    });
    socket.on('unsubscribe', () => this.#forget(socket));
    socket.on('subscribe', (request: unknown, answer: unknown) => {
      const result = this.#subscribe(socket, request);
      if (typeof answer === 'function') Reflect.apply(answer, undefined, [result]);
    });
  }

  #forget(socket: LiveSocket): void {
    this.#positions.delete(socket);
    this.#records.forget(socket);
  }

  #subscribe(socket: LiveSocket, request: unknown): SubscribeAnswer {
    try {
      const wanted = checked(subscribeSchema, request ?? {}, 'body');
      if (wanted.log || wanted.audit) this.#socketGate.checkScope(socket.request, RECORDS_SCOPE);
      this.#positions.set(socket, wanted.since ?? this.#positions.get(socket) ?? this.#feed.position());
      this.#records.follow(socket, wanted);
      this.#soon();
      return { ok: true };
    } catch (thrown) {
      return { ok: false, message: problemOf(thrown).detail };
    }
  }

  #soon(): void {
    if (this.#server && this.#positions.size > 0) this.#paced.soon();
  }

  /** Whether somebody may have more to come. */
  #serveAll(): boolean {
    let behind = false;
    for (const [socket, position] of this.#positions) {
      if (this.#serve(socket, position)) behind = true;
    }
    return behind;
  }

  #serve(socket: LiveSocket, position: EventPosition): boolean {
    if (!hasRoom(socket)) return true;
    const batch = this.#feed.read(position, BATCH_EVENTS);
    const next = { seq: batch.seq, bootId: batch.bootId };
    if (batch.reset) socket.emit('reset', next);
    else if (batch.events.length > 0) socket.emit('events', batch.events);
    this.#positions.set(socket, next);
    return batch.events.length === BATCH_EVENTS;
  }
}
