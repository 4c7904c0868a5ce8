import type { Space } from '../filesystem/file-tree.ts';
import type { TransactionsUnderWay } from '../transaction/coordinator.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { EventRing } from './event-ring.ts';
import type { History } from './history.ts';
import type { Mode } from './mode.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { SyncedMirror } from './synced-mirror.ts';
import { mirrorView, participantView, reasonOf, timeOf, transactionView } from './views.ts';
import type { Logger } from '../base/logger.ts';

const SWEEP_MS = 250;
const HEALTH_MS = 1000;
const SPACE_MS = 15_000;
/** Ended transactions of each outcome told of in one second, so that many of one don't hide the other; the rest are only counted. */
const TOLD_PER_SECOND = 200;
const ANNOUNCED_PER_SECOND = 100;

export interface PublisherOptions {
  readonly coordinator: TransactionsUnderWay;
  readonly mirrors: MirrorSet;
  readonly mode: Mode;
  readonly history: History;
  readonly ring: EventRing;
  /** Of each mirror, as it was last heard of; it is written here. */
  readonly space: Map<string, Space>;
  readonly logger: Logger;
}

/**
 * Turns what happens into live events and log lines. A transaction is announced when it has lasted a moment or
 * has to retry, so that a thousand quick ones a second cost nothing but their sampled ends.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #announced = new Set<string>();
  readonly #changed = new Set<Transaction>();
  readonly #shownStates = new Map<string, string>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #toldThisSecond = { committed: 0, 'rolled-back': 0 };
  #dropped = 0;
  #shownCounters = '';

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  start(): void {
    const { coordinator, mode, mirrors, ring, logger } = this.#options;
    coordinator.events.on('changed', (transaction) => this.#onChange(transaction));
    coordinator.events.on('ended', (transaction) => this.#onEnd(transaction));
    mode.events.on('changed', (state) => {
      logger.info('mode', { ...state });
      ring.emit('appliance.mode', state);
    });
    for (const mirror of mirrors.all) this.#follow(mirror);
    mirrors.events.on('added', (mirror) => this.#follow(mirror));
    mirrors.events.on('removed', (mirror) => this.#forget(mirror));
    this.#timers.push(
      setInterval(() => this.#sweep(), SWEEP_MS),
      setInterval(() => this.#health(), HEALTH_MS),
    );
    this.#timers.push(setInterval(() => this.#askSpace(), SPACE_MS));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #onChange(transaction: Transaction): void {
    this.#changed.add(transaction);
    if (!transaction.isRetrying) return;
    for (const part of transaction.snapshot().participants) {
      if (part.state !== 'retrying' || part.nextRetryAtMs === undefined || !part.error) continue;
      const key = `${transaction.id}/${part.mirror}/${part.attempt}`;
      if (this.#announced.has(key)) continue;
      this.#announced.add(key);
      this.#options.history.countRetry();
      this.#announce(transaction);
      const { mirror, attempt, attempts } = part;
      const nextRetryAt = timeOf(part.nextRetryAtMs);
      this.#options.ring.emit('tx.retry', {
        id: transaction.id,
        mirror,
        attempt,
        attempts,
        nextRetryAt,
        error: reasonOf(part.error),
      });
      const { operation, path } = transaction.snapshot();
      const { code, message } = part.error;
      this.#options.logger.warn('retry', {
        operation,
        path,
        mirror,
        attempt,
        attempts,
        code,
        error: message,
      });
    }
  }

  #announce(transaction: Transaction): void {
    if (this.#announced.has(transaction.id)) return;
    this.#announced.add(transaction.id);
    this.#options.ring.emit('tx.started', transactionView(transaction.snapshot()));
  }

  #onEnd(transaction: Transaction): void {
    const snapshot = transaction.snapshot();
    const told = this.#announced.delete(transaction.id);
    this.#changed.delete(transaction);
    for (const { mirror, attempt } of snapshot.participants) {
      for (let k = 1; k <= attempt; k += 1) this.#announced.delete(`${transaction.id}/${mirror}/${k}`);
    }
    this.#options.history.add(transaction);
    if (snapshot.state === 'rolled-back' && snapshot.participants.length > 0) this.#logFailure(transaction);
    const outcome = snapshot.state === 'committed' ? 'committed' : 'rolled-back';
    // One that was announced ends on the pages too.
    if (!told && ++this.#toldThisSecond[outcome] > TOLD_PER_SECOND) this.#dropped += 1;
    else this.#options.ring.emit('tx.ended', transactionView(snapshot));
  }

  #logFailure(transaction: Transaction): void {
    const { operation, path, error, participants, id } = transaction.snapshot();
    const mirrors = participants.map((part) => ({
      mirror: part.mirror,
      state: part.state,
      attempt: part.attempt,
      code: part.error?.code,
      error: part.error?.message,
    }));
    const { code, message, row } = error ?? {};
    this.#options.logger.warn('rolled-back', {
      id,
      operation,
      path,
      code,
      error: message,
      errno: row?.errno,
      mirrors,
    });
  }

  #sweep(): void {
    const now = Date.now();
    for (const transaction of this.#changed) {
      if (now - transaction.startedAtMs < SWEEP_MS) continue;
      this.#announce(transaction);
      const { id, state, participants } = transaction.snapshot();
      this.#options.ring.emit('tx.progress', { id, state, participants: participants.map(participantView) });
      this.#changed.delete(transaction);
    }
  }

  #follow(mirror: SyncedMirror): void {
    mirror.events.on('changed', () => this.#showMirror(mirror));
  }

  #forget({ name }: SyncedMirror): void {
    const { mode, ring, space, logger } = this.#options;
    this.#shownStates.delete(name);
    space.delete(name);
    mode.refresh();
    ring.emit('mirror.removed', { id: name });
    logger.info('mirror-removed', { mirror: name });
  }

  #showMirror(synced: SyncedMirror): void {
    if (this.#options.mirrors.find(synced.name) !== synced) return;
    this.#options.mode.refresh();
    const view = mirrorView(synced, this.#options.space.get(synced.name));
    const { link, content, reason, detached, joining, lastScrubAt } = view;
    const shown = JSON.stringify([link, content, reason, detached, joining, lastScrubAt]);
    if (this.#shownStates.get(synced.name) === shown) return;
    this.#shownStates.set(synced.name, shown);
    this.#options.ring.emit('mirror.state', view);
    if (link === 'up' && view.freeBytes === null) this.#askSpaceOf(synced);
    const { stalePaths } = view;
    this.#options.logger.info('mirror', { mirror: synced.name, link, content, stalePaths, reason });
  }

  #health(): void {
    const { ring, history, coordinator, mirrors, space } = this.#options;
    this.#toldThisSecond.committed = 0;
    this.#toldThisSecond['rolled-back'] = 0;
    if (this.#dropped > 0) ring.emit('tx.dropped', { n: this.#dropped });
    this.#dropped = 0;
    const running = coordinator.inFlight();
    // ORDER: before the count, so that none of those counted is announced, and counted, once more.
    for (const { id } of running.slice(0, ANNOUNCED_PER_SECOND)) {
      const transaction = coordinator.find(id);
      if (transaction) this.#announce(transaction);
    }
    const counters = { ...history.counters, inFlight: running.length };
    const shown = JSON.stringify(counters);
    if (shown !== this.#shownCounters) ring.emit('counters', counters);
    this.#shownCounters = shown;
    for (const synced of mirrors.all) {
      const { id, rttMs, freeBytes, stalePaths, lastOkAt } = mirrorView(synced, space.get(synced.name));
      ring.emit('mirror.health', { id, rttMs, freeBytes, stalePaths, lastOkAt });
    }
  }

  #askSpace(): void {
    for (const synced of this.#options.mirrors.all) {
      if (synced.mirror.link.state === 'up') this.#askSpaceOf(synced);
    }
  }

  #askSpaceOf({ name, tree }: SyncedMirror): void {
    tree.space().then(
      (space) => this.#options.space.set(name, space),
      () => this.#options.space.delete(name),
    );
  }
}
