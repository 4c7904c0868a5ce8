import type { Subscription } from '../../shared/requests.ts';
import type { LogRing } from '../base/log-ring.ts';
import type { Audit } from './audit.ts';
import { hasRoom, type LiveSocket } from './live-socket.ts';
import { PacedWork } from './paced-work.ts';

const PACE_MS = 250;
/** A page hears of four times so many a second; the rest waits where it is kept anyway, as long as it is. */
const BATCH_LINES = 100;
const BATCH_ENTRIES = 20;

/** Where a page stands in what it follows. */
interface Following {
  readonly log: NonNullable<Subscription['log']> | undefined;
  /** The last entry it has. */
  readonly auditId: number | undefined;
}

/**
 * Pushes lines of the log and entries of the audit to the pages that follow them. Like the events, a page is a position and nothing
 * more. Nothing here may write to the log: each line would bring about the next.
 */
export class RecordUpdates {
  readonly #log: LogRing;
  readonly #audit: Audit;
  readonly #followers = new Map<LiveSocket, Following>();
  readonly #subscriptions: (() => void)[] = [];
  readonly #paced = new PacedWork(PACE_MS, () => this.#serveAll());

  constructor(log: LogRing, audit: Audit) {
    this.#log = log;
    this.#audit = audit;
  }

  start(): void {
    this.#subscriptions.push(
      this.#log.events.on('added', () => this.#soon()),
      this.#audit.events.on('added', () => this.#soon()),
    );
  }

  /** Sends what there still is. */
  stop(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    this.#paced.stop();
    this.#serveAll();
    this.#followers.clear();
  }

  /** What isn't wanted any more isn't followed any more. The audit is from now on, or where it was. */
  follow(socket: LiveSocket, { log, audit }: Subscription): void {
    const before = this.#followers.get(socket);
    this.#followers.set(socket, {
      // Another run counts from the beginning.
      log: log && { ...log, after: log.bootId === this.#log.bootId ? log.after : 0 },
      auditId: audit && (before?.auditId ?? this.#audit.lastId),
    });
    if (!log && !audit) this.forget(socket);
    this.#soon();
  }

  forget(socket: LiveSocket): void {
    this.#followers.delete(socket);
  }

  #soon(): void {
    if (this.#followers.size > 0) this.#paced.soon();
  }

  /** Whether somebody may have more to come. */
  #serveAll(): boolean {
    let behind = false;
    for (const [socket, following] of this.#followers) {
      if (!hasRoom(socket)) behind = true;
      else if (this.#serve(socket, following)) behind = true;
    }
    return behind;
  }

  #serve(socket: LiveSocket, { log, auditId }: Following): boolean {
    const lines = log && this.#log.read({ ...log, limit: BATCH_LINES });
    if (log && lines && lines.items.length > 0)
      socket.emit('log.lines', { ...lines, bootId: this.#log.bootId, level: log.level });
    const entries = auditId === undefined ? [] : this.#audit.after(auditId, BATCH_ENTRIES);
    for (const entry of entries) socket.emit('audit.entry', entry);
    this.#followers.set(socket, {
      log: log && lines && { ...log, after: lines.seq },
      auditId: entries.at(-1)?.id ?? auditId,
    });
    return lines?.items.length === BATCH_LINES || entries.length === BATCH_ENTRIES;
  }
}
