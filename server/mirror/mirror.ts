import { AppError, asAppError } from '../base/errors.ts';
import { TypedEmitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import type { LinkState } from '../../shared/states.ts';
import { backoffMs } from './backoff.ts';
import { enter, type EntranceOptions } from './entrance.ts';
import { lacksOf } from './guarantee.ts';
import {
  firstLink,
  type LinkEvent,
  type LinkStatus,
  type MirrorCapabilities,
  type MirrorLink,
  nextLink,
} from './link-state.ts';
import type { ReplicaSession } from './replica-session.ts';
import { RoundTrips } from './round-trips.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { SftpSession } from './sftp-session.ts';
import { SftpTree } from './sftp-tree.ts';
import { resolveLogin } from './ssh-login.ts';

export type { MirrorCapabilities, MirrorLink } from './link-state.ts';

export interface MirrorOptions extends EntranceOptions {
  /** For one attempt at one request, and for connecting. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Asked before each request of an admitted session: a reason ends the link before anything more is sent. */
  readonly lapsed?: () => AppError | undefined;
}

export type MirrorEvents = {
  link: MirrorLink;
  /** An established link ended without being asked to: what was under way there has an unknown outcome. */
  lost: { readonly error: AppError };
};

/** Callers that come right after a failed attempt share its outcome. */
const FAILURE_COUNTS_MS = 250;

/** One mirror: keeps its link up for as long as it is started and enabled, and lends its tree. */
export class Mirror {
  readonly name: string;
  readonly config: MirrorConfiguration;
  readonly tree: MirrorTree;
  readonly events = new TypedEmitter<MirrorEvents>();
  readonly #tree: SftpTree;
  readonly #options: MirrorOptions;
  readonly #logger: Logger;
  readonly #roundTrips = new RoundTrips();
  #status: LinkStatus = firstLink(Date.now());
  #isStarted = false;
  #replica: ReplicaSession | undefined;
  #signsOfLife: SignsOfLife | undefined;
  #attempt: { readonly outcome: Promise<void>; readonly abort: AbortController } | undefined;
  #awaySinceMs: number | undefined;
  #lastFailure: { readonly error: AppError; readonly atMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastOkAtMs: number | undefined;
  /** By the links before this one. */
  #sentBytesBefore = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.config = options.config;
    this.name = options.config.name;
    this.#logger = options.logger.with({ mirror: this.name });
    this.#tree = new SftpTree(this.name);
    this.tree = this.#tree;
  }

  /** The link's state alone, which every transaction asks for. */
  get linkState(): LinkState {
    return this.#status.state;
  }

  get link(): MirrorLink {
    const rttMs = this.#roundTrips.summary();
    const lastOkAtMs = this.#replica ? lastAnswerMs(this.#replica.session) : this.#lastOkAtMs;
    return {
      ...this.#status,
      ...(lastOkAtMs !== undefined && { lastOkAtMs }),
      ...(rttMs && { rttMs }),
    };
  }

  /** Over all its links since it was made, with what the connection itself needs. */
  get sentBytes(): number {
    return this.#sentBytesBefore + (this.#replica?.session.sentBytes ?? 0);
  }

  /** The round trips since this was last asked, some of them. */
  takeRoundTrips(): readonly number[] {
    return this.#roundTrips.takeFresh();
  }

  /** Connects in the background, and again for ever when the link is lost. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (this.#status.state === 'down') this.reconnectNow();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    const attempt = this.#attempt;
    const error = new AppError('SHUTTING_DOWN', `mirror ${this.name} is stopped`);
    this.#disconnect(error, { kind: 'stop', error });
    await attempt?.outcome.catch(() => {});
  }

  /** Detaches: closes the link until `enable`. */
  disable(): void {
    this.#disconnect(this.#disabledError(), { kind: 'disable' });
  }

  /** Attaches again. */
  enable(): void {
    if (this.#status.state !== 'disabled') return;
    this.#awaySinceMs = undefined;
    this.#lastFailure = undefined;
    this.#move({ kind: 'enable' });
    if (this.#isStarted) this.reconnectNow();
  }

  /** Resolves when the link is up; while it is down all callers share one attempt, which begins at once. */
  connected(): Promise<void> {
    if (this.#status.state === 'up') return Promise.resolve();
    if (this.#status.state === 'disabled') return Promise.reject(this.#disabledError());
    if (!this.#isStarted)
      return Promise.reject(new AppError('SHUTTING_DOWN', `mirror ${this.name} is stopped`));
    if (this.#attempt) return this.#attempt.outcome;
    const failure = this.#lastFailure;
    if (failure && performance.now() - failure.atMs < FAILURE_COUNTS_MS) return Promise.reject(failure.error);
    return this.#begin();
  }

  /** Ends the link at once for a reason found elsewhere, as if it were lost. */
  fence(reason: AppError): void {
    const replica = this.#replica;
    if (!replica) return;
    replica.session.end(reason);
    this.#lost(replica, reason);
  }

  /** Cuts the wait for the next attempt short. */
  reconnectNow(): void {
    if (!this.#isStarted || this.#status.state !== 'down' || this.#attempt) return;
    void this.#begin().catch(() => {});
  }

  #begin(): Promise<void> {
    clearTimeout(this.#timer);
    const abort = new AbortController();
    this.#move({ kind: 'attempt' });
    const outcome = this.#connect(abort.signal).then(
      () => this.#settle(abort),
      (thrown: unknown) => {
        this.#settle(abort);
        throw this.#failed(asAppError(thrown), abort.signal);
      },
    );
    // Nobody may be waiting for it.
    outcome.catch(() => {});
    this.#attempt = { outcome, abort };
    return outcome;
  }

  #settle(abort: AbortController): void {
    if (this.#attempt?.abort === abort) this.#attempt = undefined;
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { config, timeoutMs } = this.#options;
    const login = await resolveLogin(config);
    if (signal.aborted) throw abortReason(signal);
    const session = await SftpSession.open(login, {
      timeoutMs,
      signal,
      onRoundTrip: (ms) => this.#roundTrips.offer(ms),
    });
    const endWithAttempt = () => session.end(abortReason(signal));
    signal.addEventListener('abort', endWithAttempt, { once: true });
    try {
      const replica = await enter(session, this.#tree, this.#options);
      const capabilities = await replica.capabilities();
      if (!session.isOpen) throw await session.ended;
      this.#established(replica, capabilities);
    } catch (thrown) {
      session.end(asAppError(thrown));
      throw thrown;
    } finally {
      signal.removeEventListener('abort', endWithAttempt);
    }
  }

  #established(replica: ReplicaSession, capabilities: MirrorCapabilities): void {
    this.#replica = replica;
    this.#awaySinceMs = undefined;
    this.#lastFailure = undefined;
    this.#tree.admit();
    if (this.#options.lapsed) replica.session.guard(this.#options.lapsed);
    void replica.session.ended.then((error) => this.#lost(replica, error));
    this.#signsOfLife = new SignsOfLife(replica, () => this.#roundTrips.takeNext());
    const lacks = lacksOf(capabilities);
    if (lacks.length > 0) this.#logger.warn('mirror-lacks', { lacks });
    this.#logger.info('mirror-up', { capabilities });
    this.#move({ kind: 'up', capabilities });
  }

  /** Notes the failure of an attempt and plans the next; answers what to tell those who waited. */
  #failed(error: AppError, signal: AbortSignal): AppError {
    // Given up by stop or disable, which have set the state and know the reason.
    if (signal.aborted) return abortReason(signal);
    this.#lastFailure = { error, atMs: performance.now() };
    this.#move({ kind: 'down', error });
    this.#retryLater(error);
    return error;
  }

  /** Does nothing for a session that stop or disable have ended: they have let go of it first. */
  #lost(replica: ReplicaSession, error: AppError): void {
    if (this.#replica !== replica) return;
    this.#release(replica);
    this.#move({ kind: 'down', error });
    this.events.emit('lost', { error });
    this.#retryLater(error);
  }

  #retryLater(error: AppError): void {
    const nowMs = performance.now();
    this.#awaySinceMs ??= nowMs;
    const delayMs = backoffMs(nowMs - this.#awaySinceMs, error.code);
    this.#logger.warn('mirror-down', {
      code: error.code,
      reason: error.message,
      retryInMs: Math.round(delayMs),
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reconnectNow(), delayMs);
  }

  #disconnect(reason: AppError, event: LinkEvent): void {
    clearTimeout(this.#timer);
    const replica = this.#replica;
    if (replica) this.#release(replica);
    replica?.session.end(reason);
    this.#attempt?.abort.abort(reason);
    this.#attempt = undefined;
    this.#move(event);
  }

  #release(replica: ReplicaSession): void {
    this.#signsOfLife?.stop();
    this.#lastOkAtMs = lastAnswerMs(replica.session);
    this.#sentBytesBefore += replica.session.sentBytes;
    this.#replica = undefined;
    this.#tree.detach(replica);
  }

  #move(event: LinkEvent): void {
    const before = this.#status;
    this.#status = nextLink(before, event, Date.now());
    if (this.#status !== before) this.events.emit('link', this.link);
  }

  #disabledError(): AppError {
    return new AppError('MIRROR_DISABLED', `mirror ${this.name} is detached`);
  }
}

function lastAnswerMs(session: SftpSession): number {
  return Date.now() - Math.round(session.silentMs);
}

function abortReason(signal: AbortSignal): AppError {
  return asAppError(signal.reason);
}
