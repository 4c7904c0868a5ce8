import { randomBytes } from 'node:crypto';
import { TypedEmitter } from '../base/emitter.ts';
import { asAppError, type AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { Excludes } from '../filesystem/excludes.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { parentOf } from '../filesystem/tree-path.ts';
import type { Cover, IntentLog } from '../journal/intent-log.ts';
import { LocalCheck, type LocalFacts } from './local-check.ts';
import { applyToMirrors, gatherCompany, type MirrorPart } from './mirrors-apply.ts';
import type { Participant, Repairer } from './participant.ts';
import type { Lock, PathLocks } from './path-locks.ts';
import type { RetryPolicy } from './retry-schedule.ts';
import { scopeOf } from './scope.ts';
import { noStepHook, type StepHook } from './step.ts';
import { Transaction, type TransactionSnapshot } from './transaction.ts';
import type { RunOptions } from './transactions.ts';
import { undoOn } from './undo.ts';

export interface CoordinatorOptions {
  readonly local: LocalTree;
  readonly intents: IntentLog;
  readonly locks: PathLocks;
  readonly participants: () => readonly Participant[];
  /** No mirror takes part in what is done to these. */
  readonly excludes: Excludes;
  readonly repairer: Repairer;
  readonly policy: RetryPolicy;
  /** Throws while the appliance takes no changes. */
  readonly admit: () => void;
  /** What has to be done, with the paths locked, before a name goes or a directory moves. */
  readonly before: (operation: Operation, isDirectory: boolean) => Promise<void>;
  readonly logger: Logger;
  readonly step?: StepHook;
}

/** What is under way, for those who look on and for operators. */
export type TransactionsUnderWay = Pick<Coordinator, 'events' | 'inFlight' | 'find'>;

/**
 * Carries operations out as transactions: lock, check, note the intent, apply to every mirror, apply locally
 * (the commit), answer; or undo. The work of each step stands in a file of its own; this class is the order.
 */
export class Coordinator {
  readonly events = new TypedEmitter<{
    started: Transaction;
    changed: Transaction;
    /** The operation is on the local tree and every mirror that takes part; its paths are still locked. */
    committed: Operation;
    ended: Transaction;
  }>();
  readonly #options: CoordinatorOptions;
  readonly #step: StepHook;
  readonly #check: LocalCheck;
  readonly #inFlight = new Map<string, Transaction>();
  readonly #run = randomBytes(4).toString('hex');
  #nextId = 1;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#step = options.step ?? noStepHook;
    this.#check = new LocalCheck(options.local);
  }

  inFlight(): TransactionSnapshot[] {
    return [...this.#inFlight.values()].map((transaction) => transaction.snapshot());
  }

  find(id: string): Transaction | undefined {
    return this.#inFlight.get(id);
  }

  /** See `Transactions.run`. */
  async run(operation: Operation, options: RunOptions = {}): Promise<void> {
    this.#options.admit();
    const transaction = this.#begin(operation, options.uid);
    const { cancellation } = options;
    const unregister = cancellation?.onCancel(() => transaction.cancel(asAppError(cancellation.reason)));
    try {
      await this.#runLocked(transaction, options);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (transaction.state === 'preparing') transaction.enter('rolled-back', error);
      throw error;
    } finally {
      unregister?.();
      this.#inFlight.delete(transaction.id);
      this.events.emit('ended', transaction);
    }
  }

  #begin(operation: Operation, uid: number | undefined): Transaction {
    const onChange = (changed: Transaction) => this.events.emit('changed', changed);
    const transaction = new Transaction(`${this.#run}-${this.#nextId++}`, operation, { uid, onChange });
    this.#inFlight.set(transaction.id, transaction);
    this.events.emit('started', transaction);
    return transaction;
  }

  async #runLocked(transaction: Transaction, options: RunOptions): Promise<void> {
    const { operation } = transaction;
    const { locks } = this.#options;
    const release = await locks.acquire(locksOf(operation), transaction.cancellation);
    try {
      await this.#step('locked', aboutOf(operation));
      await options.precondition?.();
      const facts = await this.#check.check(operation);
      await this.#step('checked', aboutOf(operation));
      if (facts.nothingToDo) return transaction.enter('committed');
      const inodes = facts.sharedInodes?.map((inode) => ({ inode }));
      const releaseInodes = inodes?.length && (await locks.acquire(inodes, transaction.cancellation));
      try {
        await this.#options.before(operation, facts.isDirectory);
        await this.#runChecked(transaction, facts);
      } finally {
        if (releaseInodes) releaseInodes();
      }
    } finally {
      release();
    }
  }

  async #runChecked(transaction: Transaction, facts: LocalFacts): Promise<void> {
    const { intents, participants } = this.#options;
    const { operation } = transaction;
    const { isLocalOnly, affected } = await scopeOf(operation, facts, this.#options);
    const noted = this.#notedFor(operation, affected);
    transaction.keepsPreImage = facts.hidesFile ?? false;
    try {
      // DURABILITY: the intent goes first. A crash after this line makes the paths stale on every mirror; a
      // crash before it finds nothing changed anywhere.
      await intents.hold(noted, isLocalOnly ? undefined : coverOf(operation, facts));
      await this.#step('intent-noted', aboutOf(operation));
      transaction.cancellation.throwIfCancelled();
      await this.#carryOut(transaction, affected, isLocalOnly ? [] : participants());
    } finally {
      intents.letGo(noted);
    }
  }

  /**
   * A file or directory that is noted as a whole, as one just made is, needs no part of it noted beside, nor the first
   * bytes of a file an extent: each first note costs a write to stable storage.
   */
  #notedFor(operation: Operation, affected: readonly AffectedPath[]): readonly AffectedPath[] {
    const whole: AffectedPath = { kind: 'entry', path: operation.path };
    const isPart = affected.every(
      (part) =>
        part.path === operation.path &&
        (part.kind === 'attributes' || (part.kind === 'extent' && part.index === 0)),
    );
    return isPart && this.#options.intents.isHot(whole) ? [whole] : affected;
  }

  async #carryOut(
    transaction: Transaction,
    affected: readonly AffectedPath[],
    participants: readonly Participant[],
  ): Promise<void> {
    const { operation } = transaction;
    const company = gatherCompany(participants, affected);
    for (const participant of company.taking) participant.touched(affected);
    try {
      transaction.enter('applying');
      const { policy } = this.#options;
      const { parts, failure } = await applyToMirrors(transaction, company.taking, {
        policy,
        step: this.#step,
      });
      if (failure) return await this.#undo(transaction, affected, parts, failure);
      transaction.enter('committing');
      try {
        await this.#step('all-mirrors-applied', aboutOf(operation));
        await this.#options.local.apply(operation);
      } catch (refused) {
        return await this.#undo(transaction, affected, parts, asAppError(refused));
      }
      await this.#step('local-committed', aboutOf(operation));
      this.events.emit('committed', operation);
      this.#finish(transaction, affected, parts);
      await this.#step('answering', aboutOf(operation));
    } finally {
      for (const mark of company.missed) mark.release();
    }
  }

  /** After the commit: mirrors that weren't waited for and failed are stale; kept pre-images go. */
  #finish(transaction: Transaction, affected: readonly AffectedPath[], parts: readonly MirrorPart[]): void {
    transaction.enter('committed');
    for (const { participant, outcome } of parts) {
      if (outcome.kind === 'failed') {
        this.#leaveBehind(participant, affected, outcome.abandoned);
        continue;
      }
      // RACE: a repair that another transaction's undo began may have read the local tree as it was before this
      // commit, such as the attributes of a directory, whose lock it doesn't hold, and set them back on the mirror.
      if (participant.marks !== outcome.marks) participant.mark(affected);
      if (outcome.afterLoss) participant.suspect(affected);
      if (transaction.operation.kind === 'fsync') participant.flushed(transaction.operation.path);
      if (transaction.keepsPreImage) void participant.tree.dropPreImage(transaction.id).catch(() => {});
    }
  }

  #leaveBehind(
    participant: Participant,
    affected: readonly AffectedPath[],
    abandoned?: Promise<unknown>,
  ): void {
    const mark = participant.markHeld(affected);
    participant.suspect(affected);
    // RACE: the abandoned request may still arrive; a repair before that would prove nothing.
    void Promise.resolve(abandoned).then(() => mark.release());
  }

  async #undo(
    transaction: Transaction,
    affected: readonly AffectedPath[],
    parts: readonly MirrorPart[],
    failure: AppError,
  ): Promise<never> {
    const about = aboutOf(transaction.operation);
    transaction.enter('undoing', failure);
    await this.#step('undoing', about);
    const { repairer, policy, logger } = this.#options;
    const context = { transaction, affected, repairer, limitMs: policy.timeoutMs, step: this.#step, logger };
    await Promise.all(parts.map(({ participant, outcome }) => undoOn(participant, outcome, context)));
    await this.#step('undone', about);
    transaction.enter('rolled-back', failure);
    throw failure;
  }
}

/** A name that may hold a directory is locked with all below it, so that nothing starts there meanwhile. */
function locksOf(operation: Operation): Lock[] {
  switch (operation.kind) {
    case 'rename':
      return [
        { path: operation.path, subtree: true },
        { path: operation.to, subtree: true },
      ];
    case 'rmdir':
      return [{ path: operation.path, subtree: true }];
    case 'link':
      return [
        { path: operation.path, subtree: false },
        { path: operation.to, subtree: false },
      ];
    default:
      return [{ path: operation.path, subtree: false }];
  }
}

/** Names that come and go are covered by their directory. */
function coverOf({ kind, path }: Operation, { directoryChangedMs }: LocalFacts): Cover | undefined {
  if (directoryChangedMs === undefined) return undefined;
  const isNew = kind !== 'unlink' && kind !== 'rmdir';
  return { directory: parentOf(path), changedMs: directoryChangedMs, isNew };
}

function aboutOf({ kind, path }: Operation): { operation: string; path: string } {
  return { operation: kind, path };
}
