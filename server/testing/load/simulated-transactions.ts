import { AppError } from '../../base/errors.ts';
import { TypedEmitter } from '../../base/emitter.ts';
import type { Operation } from '../../filesystem/operation.ts';
import { treePath } from '../../filesystem/tree-path.ts';
import type { TransactionsUnderWay } from '../../transaction/coordinator.ts';
import {
  type ParticipantProgress,
  Transaction,
  type TransactionSnapshot,
} from '../../transaction/transaction.ts';
import type { SeededRandom } from '../seeded-random.ts';

const TICK_MS = 10;
const APPLIED_AFTER_MS = 30;
const RETRIED_AFTER_MS = 1500;
const ATTEMPTS = 2;
const RETRYING_SHARE = 0.01;
/** Of those that retry. */
const FAILING_SHARE = 0.2;
const DATA = Buffer.alloc(4096);

/**
 * Transactions that go through their states on every mirror, with retries and failures among them, and change nothing
 * anywhere: so many a second as no machine would carry out on so many mirrors.
 */
export class SimulatedTransactions implements TransactionsUnderWay {
  readonly events: TransactionsUnderWay['events'] = new TypedEmitter();
  readonly #mirrors: readonly string[];
  readonly #random: SeededRandom;
  readonly #perSecond: number;
  readonly #inFlight = new Map<string, Transaction>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #begun = 0;
  #startedMs = 0;

  constructor(options: { mirrors: readonly string[]; perSecond: number; random: SeededRandom }) {
    this.#mirrors = options.mirrors;
    this.#perSecond = options.perSecond;
    this.#random = options.random;
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#timer = setInterval(() => this.#beginDue(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  get begun(): number {
    return this.#begun;
  }

  inFlight(): TransactionSnapshot[] {
    return [...this.#inFlight.values()].map((transaction) => transaction.snapshot());
  }

  find(id: string): Transaction | undefined {
    return this.#inFlight.get(id);
  }

  /** As many as the time that has passed asks for, so that a late tick lowers no rate. */
  #beginDue(): void {
    const due = Math.floor(((performance.now() - this.#startedMs) / 1000) * this.#perSecond);
    while (this.#begun < due) this.#begin();
  }

  #begin(): void {
    this.#begun += 1;
    const transaction = new Transaction(`load-${this.#begun}`, this.#operation(), {
      onChange: (changed) => this.events.emit('changed', changed),
    });
    this.#inFlight.set(transaction.id, transaction);
    this.events.emit('started', transaction);
    transaction.enter('applying');
    for (const mirror of this.#mirrors) transaction.progress(partOf(mirror, 'applying'));
    this.#later(APPLIED_AFTER_MS, () => this.#answer(transaction));
  }

  #operation(): Operation {
    const path = treePath(`/area-${this.#begun % 7}/file-${this.#random.below(1000)}`);
    if (this.#random.chance(0.5)) return { kind: 'write', path, offset: 0, data: DATA };
    return this.#random.chance(0.5) ? { kind: 'create', path, mode: 0o644 } : { kind: 'unlink', path };
  }

  #answer(transaction: Transaction): void {
    const slow = this.#random.chance(RETRYING_SHARE) ? this.#random.pick(this.#mirrors) : undefined;
    for (const mirror of this.#mirrors) if (mirror !== slow) transaction.progress(partOf(mirror, 'applied'));
    if (slow === undefined) return this.#commit(transaction);
    const error = new AppError('MIRROR_TIMEOUT', `${slow} did not answer`);
    const nextRetryAtMs = Date.now() + RETRIED_AFTER_MS;
    transaction.progress({ ...partOf(slow, 'retrying'), error, nextRetryAtMs });
    this.#later(RETRIED_AFTER_MS, () => {
      if (this.#random.chance(FAILING_SHARE)) return this.#undo(transaction, slow, error);
      transaction.progress({ ...partOf(slow, 'applied'), attempt: ATTEMPTS });
      this.#commit(transaction);
    });
  }

  #commit(transaction: Transaction): void {
    transaction.enter('committing');
    transaction.enter('committed');
    this.#end(transaction);
  }

  #undo(transaction: Transaction, failed: string, error: AppError): void {
    transaction.progress({ ...partOf(failed, 'failed'), attempt: ATTEMPTS, error });
    transaction.enter('undoing', error);
    for (const mirror of this.#mirrors) if (mirror !== failed) transaction.progress(partOf(mirror, 'undone'));
    transaction.enter('rolled-back', error);
    this.#end(transaction);
  }

  #end(transaction: Transaction): void {
    this.#inFlight.delete(transaction.id);
    this.events.emit('ended', transaction);
  }

  #later(delayMs: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function partOf(mirror: string, state: ParticipantProgress['state']): ParticipantProgress {
  return { mirror, state, attempt: 1, attempts: ATTEMPTS };
}
