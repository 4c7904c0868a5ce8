import { AppError, asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { doneWithin } from '../base/wait.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import {
  EXPIRY_MS,
  type Lease,
  LEASE_FILE,
  type LeaseStanding,
  leaseText,
  parsedLease,
  RENEW_MS,
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

/** So many renewals are noted at a time. An older copy of this appliance is found out when it lacks more. */
const NOTED_AHEAD = 6;
/** After this long without a renewal no transaction counts on the lease: well before somebody else may take it. */
const FRESH_MS = EXPIRY_MS - 2 * RENEW_MS;
/** A stop doesn't wait for a silent mirror: what is not given back expires. */
const RELEASE_LIMIT_MS = 1000;

/**
 * This appliance's claim on one mirror: taken before anything is written there, renewed while the link is up, given
 * back at a stop. Somebody else's is respected for as long as it is renewed.
 */
export class MirrorLease {
  readonly #mirror: string;
  readonly #tree: FileTree;
  readonly #owner: LeaseOwner;
  readonly #logger: Logger;
  readonly #count: RenewalCount;
  readonly #onLost: (error: AppError) => void;
  #renewals: number;
  #noted: number;
  #isOurs = false;
  /** What stood there when it was first seen so. */
  #seen: { readonly content: string; readonly sinceMs: number } | undefined;
  #renewedAt: { readonly steadyMs: number; readonly clockMs: number } | undefined;
  #renewing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    mirror: string;
    tree: FileTree;
    owner: LeaseOwner;
    count: RenewalCount;
    logger: Logger;
    /** Somebody has taken it over: nothing may be changed there any more. */
    onLost: (error: AppError) => void;
  }) {
    this.#mirror = options.mirror;
    this.#tree = options.tree;
    this.#owner = options.owner;
    this.#logger = options.logger.with({ mirror: options.mirror });
    this.#onLost = options.onLost;
    this.#count = options.count;
    this.#renewals = this.#noted = options.count.known;
  }

  /**
   * Rejects with MIRROR_HELD where somebody else uses the mirror; changes nothing there. Answers how often the lease
   * there was renewed.
   */
  async check(): Promise<number> {
    const content = await this.#tree.readReserved(LEASE_FILE);
    const lease = content && parsedLease(content);
    const standing = content ? await this.#standing(content, lease) : 'free';
    if (standing === 'held') throw this.#held(lease);
    if (standing === 'twin') {
      const what = `${this.#mirror} and ${lease?.replica} are one directory: take one of them out of the configuration`;
      throw new AppError('MIRROR_UNSUITABLE', what);
    }
    if (standing === 'left' || standing === 'expired') this.#noteTakeover(standing, lease);
    this.#isOurs = standing === 'ours';
    return lease?.renewals ?? 0;
  }

  /** To be called after `check` has let it pass. */
  async take(): Promise<void> {
    if (this.#isOurs) return this.#write((content) => this.#tree.overwriteReserved(LEASE_FILE, content));
    await this.#write((content) => this.#tree.writeReserved(LEASE_FILE, content));
    const there = await this.#read();
    // RACE: two that took it at once have both written; the later one has it.
    if (there?.startId !== this.#owner.startId) throw this.#held(there);
  }

  /** False when it was not renewed for long, as after this process was stopped for a while. */
  get isFresh(): boolean {
    if (!this.#renewedAt) return false;
    const { steadyMs, clockMs } = this.#renewedAt;
    // One of the clocks stands still while the machine sleeps, the other may be set.
    return performance.now() - steadyMs < FRESH_MS && Math.abs(Date.now() - clockMs) < FRESH_MS;
  }

  /** Renewing goes on while the link is up. */
  set linked(linked: boolean) {
    clearInterval(this.#timer);
    if (!linked) return;
    this.#timer = setInterval(() => void this.renew().catch(() => {}), RENEW_MS);
    this.#timer.unref();
  }

  /** Resolves when it is certain that it is still ours; callers share one request. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Lets another appliance in at once. Best effort. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#renewedAt) return;
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
    const there = await this.#read();
    if (there?.startId !== this.#owner.startId || there.replica !== this.#mirror) {
      const error = this.#held(there);
      this.#renewedAt = undefined;
      this.#logger.error('lease-lost', { holder: there?.holder });
      this.#onLost(error);
      throw error;
    }
    await this.#write(async (content) => {
      try {
        await this.#tree.overwriteReserved(LEASE_FILE, content);
      } catch (thrown) {
        const error = asAppError(thrown);
        if (error.row.retryable) throw error;
        // Where the server refuses to write, nobody can take it over either.
        this.#logger.warn('lease-not-written', { code: error.code, error: error.message });
      }
    });
  }

  async #write(write: (content: Buffer) => Promise<void>, released = false): Promise<void> {
    // It counts from the beginning of the request: when that was worked off is not known.
    const at = { steadyMs: performance.now(), clockMs: Date.now() };
    await this.#noteNext();
    const renewals = ++this.#renewals;
    await write(leaseText({ ...this.#owner, replica: this.#mirror, renewals, released }));
    this.#renewedAt = at;
  }

  /** DURABILITY: noted before it stands on the mirror. */
  async #noteNext(): Promise<void> {
    if (this.#renewals < this.#noted) return;
    this.#noted = this.#renewals + NOTED_AHEAD;
    await this.#count.note(this.#noted);
  }

  async #standing(content: Buffer, lease: Lease | undefined): Promise<LeaseStanding> {
    const text = content.toString('latin1');
    if (this.#seen?.content !== text) this.#seen = { content: text, sinceMs: performance.now() };
    const unchangedMs = performance.now() - this.#seen.sinceMs;
    const holderEnded = lease !== undefined && hasEnded(lease.holder, this.#owner.holder);
    const look = { lease, holderEnded, ageMs: 0, unchangedMs };
    const own = { startId: this.#owner.startId, replica: this.#mirror };
    const standing = standingOf(look, own);
    if (standing !== 'held') return standing;
    return standingOf({ ...look, ageMs: (await this.#tree.reservedAgeMs(LEASE_FILE)) ?? 0 }, own);
  }

  async #read(): Promise<Lease | undefined> {
    const content = await this.#tree.readReserved(LEASE_FILE);
    return content && parsedLease(content);
  }

  #held(lease: Lease | undefined): AppError {
    const who = lease
      ? `start ${lease.generation} of this set on ${lease.holder.host} (process ${lease.holder.pid})`
      : 'another appliance';
    return new AppError(
      'MIRROR_HELD',
      `${this.#mirror} is in use by ${who}: stop one of the two; if that one is gone, this one goes on by itself ` +
        `${EXPIRY_MS / 1000} s after its last sign of life`,
    );
  }

  /** That the last run of this appliance ended without giving it back is nothing to warn of. */
  #noteTakeover(standing: 'left' | 'expired', lease: Lease | undefined): void {
    const fields = { standing, holder: lease?.holder, generation: lease?.generation };
    if (standing === 'left') this.#logger.info('lease-taken-over', fields);
    else this.#logger.warn('lease-taken-over', fields);
  }
}
