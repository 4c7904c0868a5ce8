import type { Cancellation } from '../base/cancellation.ts';
import { type AppError, asAppError, hasCode } from '../base/errors.ts';
import { doneWithin, orAbort, sleep } from '../base/wait.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { Participant } from './participant.ts';
import { pauseAfter, type RetryPolicy } from './retry-schedule.ts';
import type { StepHook } from './step.ts';
import type { ParticipantProgress, Transaction } from './transaction.ts';

/** How one mirror's part ended. */
export type MirrorOutcome =
  | {
      readonly kind: 'applied';
      /** Of the mirror's stale paths when it was last seen in sync before the first request. */
      readonly marks: number;
      /** An earlier attempt was never answered. */
      readonly afterLoss: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly error: AppError;
      /** Nothing was sent, or the mirror refused before changing anything: there is nothing to undo. */
      readonly untouched: boolean;
      /** Settles when the abandoned request can't change the mirror any more. */
      readonly abandoned?: Promise<unknown>;
    };

/** How long a request under way may still be answered after the caller gave up. */
const GRACE_MS = 200;

/**
 * What a first attempt gets where the mirror does not hold what the local tree holds. Somebody else's files are
 * in the way there: undoing would destroy them, and nothing of ours was done.
 */
const DIVERGENCE = [
  'MIRROR_DIVERGED',
  'ALREADY_EXISTS',
  'NOT_EMPTY',
  'IS_A_DIRECTORY',
  'NOT_A_DIRECTORY',
] as const;

interface FailedAttempt {
  readonly error: AppError;
  /** The request that may still change the mirror, when it was not waited for. */
  readonly abandoned?: Promise<unknown>;
}

/**
 * One mirror's part in one transaction: attempts on the schedule of the policy until it is applied, refused
 * for good, out of attempts, or given up. The only loop that retries.
 */
export class MirrorApply {
  readonly #transaction: Transaction;
  readonly #participant: Participant;
  readonly #policy: RetryPolicy;
  readonly #cancellation: Cancellation;
  readonly #step: StepHook;
  readonly #attempts: number;
  #anySent = false;
  #lost = false;
  #marks: number | undefined;

  constructor(options: {
    transaction: Transaction;
    participant: Participant;
    policy: RetryPolicy;
    step: StepHook;
  }) {
    this.#transaction = options.transaction;
    this.#participant = options.participant;
    this.#policy = options.policy;
    this.#cancellation = options.transaction.cancellation;
    this.#step = options.step;
    // A mirror that isn't waited for gets one chance; one that is known to be down gets one shared attempt.
    const single = !this.#participant.required || this.#participant.knownDown;
    this.#attempts = single ? 1 : this.#policy.times;
  }

  async run(): Promise<MirrorOutcome> {
    for (let attempt = 1; ; attempt += 1) {
      this.#show('applying', attempt);
      const failure = await this.#attempt();
      if (!failure) {
        this.#show('applied', attempt);
        const marks = this.#marks ?? this.#participant.marks;
        return { kind: 'applied', marks, afterLoss: this.#lost };
      }
      this.#lost ||= this.#anySent && failure.error.row.retryable;
      const pauseMs = attempt < this.#attempts ? pauseAfter(attempt, this.#policy) : undefined;
      const mayRetry = failure.error.row.retryable && !this.#cancellation.reason && !failure.abandoned;
      if (pauseMs === undefined || !mayRetry) return this.#giveUp(failure, attempt);
      this.#show('retrying', attempt, { error: failure.error, nextRetryAtMs: Date.now() + pauseMs });
      if (!(await this.#pause(pauseMs))) return this.#giveUp(failure, attempt);
    }
  }

  #giveUp(failure: FailedAttempt, attempt: number): MirrorOutcome {
    if (failure.error.row.retryable && !this.#cancellation.reason) this.#participant.gaveUp();
    this.#show('failed', attempt, { error: failure.error });
    const untouched = !this.#anySent || (attempt === 1 && hasCode(failure.error, ...DIVERGENCE));
    return {
      kind: 'failed',
      error: failure.error,
      untouched,
      ...(failure.abandoned && { abandoned: failure.abandoned }),
    };
  }

  async #attempt(): Promise<FailedAttempt | undefined> {
    let sending: Promise<void> | undefined;
    try {
      // Asked synchronously first: the usual case costs no turn of the loop.
      while (!this.#participant.inSync) await orAbort(this.#participant.ready(), this.#cancellation.signal);
      this.#marks ??= this.#participant.marks;
      this.#cancellation.throwIfCancelled();
      const { kind, path } = this.#transaction.operation;
      const about = { operation: kind, path, mirror: this.#participant.name };
      await this.#step('mirror-applying', about);
      sending = this.#participant.tree.apply(this.#transaction.operation, this.#options());
      this.#anySent = true;
      const answered = await this.#answerOrAbort(sending);
      if (!answered)
        return { error: asAppError(this.#cancellation.reason), abandoned: sending.catch(() => {}) };
      await this.#step('mirror-applied', about);
      return undefined;
    } catch (thrown) {
      return { error: asAppError(thrown) };
    }
  }

  #options(): ApplyOptions {
    const keep = this.#transaction.keepsPreImage;
    return { repeated: this.#anySent, ...(keep && { preImage: this.#transaction.id }) };
  }

  /**
   * Follows the request to its answer; when the caller gives up, only a moment longer: then false. When another
   * mirror failed nobody is in such a hurry: an answered request is undone more cheaply than an abandoned one.
   */
  async #answerOrAbort(sending: Promise<void>): Promise<boolean> {
    const answered = sending.then(() => true);
    if (await this.#cancellation.orCancelled(answered)) return true;
    if (!hasCode(this.#cancellation.reason, 'INTERRUPTED', 'CANCELLED', 'SHUTTING_DOWN')) return answered;
    return doneWithin(answered, GRACE_MS);
  }

  /** Waits before the next attempt; an operator may end it early. False when the transaction is given up. */
  async #pause(pauseMs: number): Promise<boolean> {
    const woken = new AbortController();
    const unregister = this.#transaction.onRetryNow(() => woken.abort());
    try {
      await sleep(pauseMs, AbortSignal.any([this.#cancellation.signal, woken.signal]));
    } catch {
      if (this.#cancellation.reason) return false;
    } finally {
      unregister();
    }
    return true;
  }

  #show(
    state: ParticipantProgress['state'],
    attempt: number,
    more: Pick<ParticipantProgress, 'error' | 'nextRetryAtMs'> = {},
  ): void {
    this.#transaction.progress({
      mirror: this.#participant.name,
      state,
      attempt,
      attempts: this.#attempts,
      ...more,
    });
  }
}
