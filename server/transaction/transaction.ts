import type { OperationKind, ParticipantState, TransactionState } from '../../shared/states.ts';
import { transactionIdOf } from '../../shared/transaction-id.ts';
import { Cancellation } from '../base/cancellation.ts';
import { type AppError, invariant } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

/** One mirror's part in a transaction, as it is shown. */
export interface ParticipantProgress {
  readonly mirror: string;
  readonly state: ParticipantState;
  /** 1..attempts; 0 before the first. */
  readonly attempt: number;
  readonly attempts: number;
  readonly nextRetryAtMs?: number;
  readonly error?: AppError;
}

/** A transaction as others may see it: a value, never changed. */
export interface TransactionSnapshot {
  readonly id: string;
  readonly operation: OperationKind;
  readonly path: TreePath;
  readonly to?: TreePath;
  readonly sizeBytes?: number;
  readonly uid?: number;
  readonly state: TransactionState;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly error?: AppError;
  readonly participants: readonly ParticipantProgress[];
}

/** A step of a transaction: of one mirror's part, or of the whole where there is no mirror. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly mirror?: string;
  readonly state: TransactionState | ParticipantState;
  readonly attempt: number;
  readonly error?: AppError;
}

/** The steps in order; of very many the first ones, and how many were left out. */
export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly leftOut: number;
}

/** A hundred attempts on 64 mirrors would be thousands. */
const MOST_ENTRIES = 200;

/** From each state, the states that may follow. */
const FOLLOWING: Record<TransactionState, readonly TransactionState[]> = {
  preparing: ['applying', 'committed', 'rolled-back'],
  applying: ['committing', 'undoing'],
  committing: ['committed', 'undoing'],
  undoing: ['rolled-back'],
  committed: [],
  'rolled-back': [],
};

/**
 * One operation on its way to every replica or to none. It is decided when it leaves `applying`: until then it
 * can be cancelled, from then on only its own failure changes its course.
 */
export class Transaction {
  readonly id: string;
  readonly operation: Operation;
  readonly startedAtMs = Date.now();
  /** Whether the operation hides a file that undoing would have to bring back. */
  keepsPreImage = false;
  readonly #participants = new Map<string, ParticipantProgress>();
  readonly #uid: number | undefined;
  /** Cancelled when an operator or the caller gave up, or the engine did because another mirror failed. */
  readonly cancellation = new Cancellation();
  readonly #wakers = new Set<() => void>();
  readonly #onChange: (transaction: Transaction) => void;
  readonly #timeline: TimelineEntry[] = [];
  #leftOut = 0;
  #state: TransactionState = 'preparing';
  #endedAtMs: number | undefined;
  #error: AppError | undefined;

  /** `suffix` makes its id the only one of its millisecond. */
  constructor(
    suffix: string,
    operation: Operation,
    options: { uid?: number | undefined; onChange: (transaction: Transaction) => void },
  ) {
    this.id = transactionIdOf(this.startedAtMs, suffix);
    this.operation = operation;
    this.#uid = options.uid;
    this.#onChange = options.onChange;
  }

  get state(): TransactionState {
    return this.#state;
  }

  enter(state: TransactionState, error?: AppError): void {
    invariant(FOLLOWING[this.#state].includes(state), `transaction ${this.#state} -> ${state}`);
    this.#state = state;
    this.#error ??= error;
    const atMs = Date.now();
    if (FOLLOWING[state].length === 0) this.#endedAtMs = atMs;
    this.#note({ atMs, state, attempt: 0, ...(error && { error }) });
    this.#onChange(this);
  }

  progress(part: ParticipantProgress): void {
    this.#participants.set(part.mirror, part);
    const { mirror, state, attempt, error } = part;
    this.#note({ atMs: Date.now(), mirror, state, attempt, ...(error && { error }) });
    this.#onChange(this);
  }

  get timeline(): Timeline {
    return { entries: [...this.#timeline], leftOut: this.#leftOut };
  }

  #note(entry: TimelineEntry): void {
    if (this.#timeline.length < MOST_ENTRIES) this.#timeline.push(entry);
    else this.#leftOut += 1;
  }

  /** Whether any mirror pauses before another attempt. */
  get isRetrying(): boolean {
    for (const { state } of this.#participants.values()) if (state === 'retrying') return true;
    return false;
  }

  partOf(mirror: string): ParticipantProgress | undefined {
    return this.#participants.get(mirror);
  }

  /** Gives up while nothing is decided; false afterwards. */
  cancel(reason: AppError): boolean {
    if (this.#state !== 'preparing' && this.#state !== 'applying') return false;
    this.cancellation.cancel(reason);
    return true;
  }

  /** Ends every pause before a further attempt; false when nothing is pausing. */
  retryNow(): boolean {
    const pausing = this.#wakers.size > 0;
    for (const wake of this.#wakers) wake();
    return pausing;
  }

  /** Registers a pause that `retryNow` ends; the answer unregisters it. */
  onRetryNow(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => {
      this.#wakers.delete(wake);
    };
  }

  snapshot(): TransactionSnapshot {
    const { operation } = this;
    return {
      id: this.id,
      operation: operation.kind,
      path: operation.path,
      ...('to' in operation && { to: operation.to }),
      ...(operation.kind === 'write' && { sizeBytes: operation.data.length }),
      ...(this.#uid !== undefined && { uid: this.#uid }),
      state: this.#state,
      startedAtMs: this.startedAtMs,
      ...(this.#endedAtMs !== undefined && { endedAtMs: this.#endedAtMs }),
      ...(this.#error && { error: this.#error }),
      participants: [...this.#participants.values()],
    };
  }
}
