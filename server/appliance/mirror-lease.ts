import { AppError, asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { doneWithin } from '../base/wait.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import {
  type Lease,
  LEASE_BYTES,
  LEASE_FILE,
  type LeaseStanding,
  type LeaseTimes,
  leaseText,
  parsedLease,
  standingOf,
} from './lease.ts';
import { hasEnded } from './process-mark.ts';

/** What a lease of this start says whatever the mirror. */
export type LeaseOwner = Pick<Lease, 'setId' | 'generation' | 'startId' | 'holder'>;

/** How often the lease was renewed, kept durably: never less than what stands on the mirror. */
export interface RenewalCount {
  readonly known: number;
  note(renewals: number): Promise<void>;
}

/** By both clocks of this machine. */
interface Moment {
  readonly steadyMs: number;
  readonly clockMs: number;
}

/** So many renewals are noted at a time. An older copy of this appliance is found out when it lacks more. */
const NOTED_AHEAD = 6;
/** A stop doesn't wait for a silent mirror: what is not given back expires. */
const RELEASE_LIMIT_MS = 1000;

/**
 * This appliance's claim on one mirror: taken before anything is written there, renewed while the link is up, given
 * back at a stop. Somebody else's is respected for as long as it is renewed.
 */
export class MirrorLease {
  readonly #mirror: string;
  readonly #tree: MirrorTree;
  readonly #owner: LeaseOwner;
  readonly #logger: Logger;
  readonly #count: RenewalCount;
  readonly #onLost: (error: AppError) => void;
  readonly #times: LeaseTimes;
  #renewals: number;
  #noted: number;
  #standing: LeaseStanding = 'held';
  /** Taken over, and not to be counted on before. */
  #ripeAtMs = 0;
  /** What stood there when it was first seen so. */
  #seen: { readonly content: string; readonly sinceMs: number } | undefined;
  #renewedAt: Moment | undefined;
  #renewing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    mirror: string;
    tree: MirrorTree;
    owner: LeaseOwner;
    count: RenewalCount;
    logger: Logger;
    times: LeaseTimes;
    /** Nothing may be sent over this link any more: somebody has taken it over, or may have. */
    onLost: (error: AppError) => void;
  }) {
    this.#mirror = options.mirror;
    this.#tree = options.tree;
    this.#owner = options.owner;
    this.#logger = options.logger.with({ mirror: options.mirror });
    this.#onLost = options.onLost;
    this.#times = options.times;
    this.#count = options.count;
    this.#renewals = this.#noted = options.count.known;
  }

  /** What stands there, for `check`. */
  look(): Promise<Buffer | undefined> {
    return this.#tree.readReserved(LEASE_FILE);
  }

  /**
   * Rejects with MIRROR_HELD where somebody else uses the mirror; changes nothing there. Answers how often the lease
   * there was renewed.
   */
  async check(found = this.look()): Promise<number> {
    const content = await found;
    const lease = content && parsedLease(content);
    const standing = await this.#standingOf(content, lease);
    this.#standing = standing;
    if (standing === 'held') throw this.#held(lease);
    if (standing === 'ours') this.#checkRipe();
    if (standing === 'twin') {
      const what = `${this.#mirror} and ${lease?.replica} are one directory: take one of them out of the configuration`;
      throw new AppError('MIRROR_UNSUITABLE', what);
    }
    return lease?.renewals ?? 0;
  }

  /** To be called after `check` has let it pass. Rejects with MIRROR_HELD once more where its holder may still be at work. */
  async take(): Promise<void> {
    const seen = this.#seen?.content;
    if (seen === undefined) return this.#make();
    const lookedAt = now();
    const found = await this.look();
    // RACE: a comparison that took long may lie between, and somebody else was let in.
    if (found?.toString('latin1') !== seen) throw this.#held(found && parsedLease(found));
    if (this.#standing === 'ours') return this.#renewInPlace(lookedAt);
    // Where there is one it is overwritten, which a full disk allows.
    const inPlace = found !== undefined && found.length <= LEASE_BYTES;
    await this.#write((content) =>
      inPlace
        ? this.#tree.overwriteReserved(LEASE_FILE, content)
        : this.#tree.writeReserved(LEASE_FILE, content),
    );
    const there = await this.#read();
    // RACE: two that took it at once have both written; the later one has it.
    if (there?.startId !== this.#owner.startId) throw this.#held(there);
    this.#noteTakeover(found && parsedLease(found));
    if (this.#standing !== 'expired') return;
    this.#ripeAtMs = performance.now() + this.#times.apartMs;
    this.#checkRipe();
  }

  /** RACE: of two that saw none, one makes it; so it needs no second look, neither before nor after. */
  #make(): Promise<void> {
    return this.#write(async (content) => {
      const isOurs = await this.#tree.createReserved(LEASE_FILE, content);
      if (!isOurs) throw this.#held(await this.#read());
    });
  }

  /** Why nothing may be sent any more: it was not renewed for long, as after this process was stopped for a while. */
  get lapse(): AppError | undefined {
    if (this.#isFresh) return undefined;
    const seconds = this.#times.freshMs / 1000;
    return new AppError(
      'MIRROR_UNREACHABLE',
      `the lease on ${this.#mirror} was not renewed for ${seconds} s: this process, its machine or the line stood still`,
    );
  }

  get #isFresh(): boolean {
    if (!this.#renewedAt) return false;
    const { steadyMs, clockMs } = this.#renewedAt;
    const { freshMs } = this.#times;
    // One of the clocks stands still while the machine sleeps, the other may be set.
    return performance.now() - steadyMs < freshMs && Math.abs(Date.now() - clockMs) < freshMs;
  }

  /** Renewing goes on while the link is up. */
  set linked(linked: boolean) {
    clearInterval(this.#timer);
    if (!linked) return;
    this.#timer = setInterval(() => void this.renew().catch(() => {}), this.#times.renewMs);
    this.#timer.unref();
  }

  /** Rejects where it is not certain that it is still ours; callers share one request. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Lets another appliance in at once. Best effort. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#isFresh) return;
    const work = async () => {
      if ((await this.#read())?.startId !== this.#owner.startId) return;
      await this.#write((content) => this.#tree.overwriteReserved(LEASE_FILE, content), true);
    };
    await doneWithin(
      work().catch(() => {}),
      RELEASE_LIMIT_MS,
    );
  }

  async #renew(): Promise<void> {
    const { lapse } = this;
    if (lapse) {
      this.#onLost(lapse);
      throw lapse;
    }
    const lookedAt = now();
    const there = await this.#read();
    if (there?.startId !== this.#owner.startId || there.replica !== this.#mirror) {
      const error = this.#held(there);
      this.#renewedAt = undefined;
      this.#logger.error('lease-lost', { holder: there?.holder });
      this.#onLost(error);
      throw error;
    }
    await this.#renewInPlace(lookedAt);
  }

  /** After a look that found it ours. */
  async #renewInPlace(lookedAt: Moment): Promise<void> {
    try {
      await this.#write((content) => this.#tree.overwriteReserved(LEASE_FILE, content));
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.row.retryable) throw error;
      // A full or read-only disk takes no mirror out. FENCING: somebody else may have taken it over since the look, but
      // waits for `apartMs` before the first change.
      this.#logger.warn('lease-not-written', { code: error.code, error: error.message });
      const lessMs = this.#times.freshMs - this.#times.apartMs;
      this.#renewedAt = { steadyMs: lookedAt.steadyMs - lessMs, clockMs: lookedAt.clockMs - lessMs };
    }
  }

  async #write(write: (content: Buffer) => Promise<void>, released = false): Promise<void> {
    // It counts from the beginning of the request: when that was worked off is not known.
    const at = now();
    await this.#noteNext();
    const renewals = ++this.#renewals;
    await write(leaseText({ ...this.#owner, replica: this.#mirror, renewals, released }));
    this.#renewedAt = released ? undefined : at;
  }

  /** DURABILITY: noted before it stands on the mirror. */
  async #noteNext(): Promise<void> {
    if (this.#renewals < this.#noted) return;
    this.#noted = this.#renewals + NOTED_AHEAD;
    await this.#count.note(this.#noted);
  }

  async #standingOf(content: Buffer | undefined, lease: Lease | undefined): Promise<LeaseStanding> {
    if (!content) {
      this.#seen = undefined;
      return 'free';
    }
    const text = content.toString('latin1');
    if (this.#seen?.content !== text) this.#seen = { content: text, sinceMs: performance.now() };
    const unchangedMs = performance.now() - this.#seen.sinceMs;
    const holderEnded = lease !== undefined && hasEnded(lease.holder, this.#owner.holder);
    const look = { lease, holderEnded, ageMs: 0, unchangedMs };
    const own = { startId: this.#owner.startId, replica: this.#mirror };
    const standing = standingOf(look, own, this.#times);
    if (standing !== 'held' || unchangedMs < this.#times.apartMs) return standing;
    return standingOf({ ...look, ageMs: await this.#ageMs() }, own, this.#times);
  }

  /** 0 where the server's clock can't be asked, as that takes making a file. */
  async #ageMs(): Promise<number> {
    try {
      return (await this.#tree.reservedAgeMs(LEASE_FILE)) ?? 0;
    } catch (thrown) {
      if (asAppError(thrown).row.retryable) throw thrown;
      return 0;
    }
  }

  #checkRipe(): void {
    const waitMs = this.#ripeAtMs - performance.now();
    if (waitMs <= 0) return;
    const what = `${this.#mirror} was taken over; it is used in ${Math.ceil(waitMs / 1000)} s, when nobody else is`;
    throw new AppError('MIRROR_HELD', what);
  }

  async #read(): Promise<Lease | undefined> {
    const content = await this.look();
    return content && parsedLease(content);
  }

  #held(lease: Lease | undefined): AppError {
    const who = lease
      ? `start ${lease.generation} of this set on ${lease.holder.host} (process ${lease.holder.pid})`
      : 'another appliance';
    return new AppError(
      'MIRROR_HELD',
      `${this.#mirror} is in use by ${who}: stop one of the two; if that one is gone, this one goes on by itself ` +
        `${(this.#times.expiryMs + this.#times.apartMs) / 1000} s after its last sign of life`,
    );
  }

  /** That the last run of this appliance ended without giving it back is nothing to warn of. */
  #noteTakeover(lease: Lease | undefined): void {
    const standing = this.#standing;
    const fields = { standing, holder: lease?.holder, generation: lease?.generation };
    if (standing === 'left') this.#logger.info('lease-taken-over', fields);
    if (standing === 'expired') this.#logger.warn('lease-taken-over', fields);
  }
}

function now(): Moment {
  return { steadyMs: performance.now(), clockMs: Date.now() };
}
