import type { ErrorCode } from '../../shared/error-codes.ts';
import type { ContentState } from '../../shared/states.ts';
import { TypedEmitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import { doneWithin, withDeadline } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LastScrubs } from '../journal/journal-record.ts';
import type { StaleSet } from '../journal/stale-set.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { Reconciler } from '../resync/reconciler.ts';
import type { MirrorLease } from './mirror-lease.ts';
import { RecentWrites } from './recent-writes.ts';
import { Suspects } from './suspects.ts';
import type { HeldMark, Participant } from '../transaction/participant.ts';

/** Reasons why a path can't be repaired that would also refuse the caller's own change: it gets their errno. */
const HOLDS_FOR_ALL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NO_SPACE', 'QUOTA_EXCEEDED', 'READ_ONLY']);

/** How long a stop waits for the repair under way. */
const STOP_LIMIT_MS = 1000;

/** The claim on a mirror, as far as it decides whether the mirror counts. */
type HeldLease = Pick<MirrorLease, 'lapse' | 'linked' | 'release'>;

/**
 * A mirror with its stale set and what drains it: the two states (link, content) in one place, and the answer
 * to the one question of a transaction, whether the mirror can be counted on now.
 */
export class SyncedMirror implements Participant {
  readonly events = new TypedEmitter<{ changed: undefined }>();
  readonly name: string;
  readonly mirror: Mirror;
  /** Without what is excluded. */
  readonly tree: FileTree;
  readonly stale: StaleSet;
  readonly reconciler: Reconciler;
  readonly #lease: HeldLease;
  readonly #timeoutMs: number;
  readonly #suspects = new Suspects((affected) => this.stale.mark(affected));
  readonly #recent = new RecentWrites();
  /** Marks what the server may have lost with its power, until it says whether it has gone down. */
  #unsure: HeldMark | undefined;
  #bootId: string | undefined;
  #detachment: string | undefined;
  #lastScrubs: LastScrubs | undefined;
  #knownDown = false;
  #isJoining = false;
  readonly #subscriptions: (() => void)[] = [];
  /** Another appliance uses it, or did when we looked last, and may have changed it. */
  #isHeld = false;
  #content: { state: ContentState; sinceMs: number } = { state: 'unknown', sinceMs: Date.now() };

  constructor(options: {
    mirror: Mirror;
    tree: FileTree;
    lease: HeldLease;
    stale: StaleSet;
    reconciler: Reconciler;
    timeoutMs: number;
    detachment: string | undefined;
    lastScrubs: LastScrubs | undefined;
  }) {
    this.name = options.mirror.name;
    this.mirror = options.mirror;
    this.tree = options.tree;
    this.#lease = options.lease;
    this.stale = options.stale;
    this.reconciler = options.reconciler;
    this.#timeoutMs = options.timeoutMs;
    this.#detachment = options.detachment;
    this.#lastScrubs = options.lastScrubs;
  }

  start(): void {
    this.mirror.events.on('link', ({ state, reason, capabilities }) => {
      if (state === 'disabled') this.#doubtRecent();
      if (reason?.code === 'MIRROR_HELD') this.#isHeld = true;
      this.#suspects.linked = state === 'up';
      this.#lease.linked = state === 'up';
      if (state === 'up') {
        this.#judgeRecent(capabilities?.bootId);
        this.#isHeld = false;
        this.#knownDown = false;
        this.reconciler.start();
      }
      this.#changed();
    });
    this.mirror.events.on('lost', () => this.#doubtRecent());
    // Another mirror takes the set over when the configuration changes.
    this.#subscriptions.push(
      this.stale.events.on('settled', (affected) => this.#recent.add([affected])),
      this.stale.events.on('changed', (size) => {
        if (size > 0 && this.mirror.linkState === 'up') this.reconciler.start();
        this.#changed();
      }),
    );
    this.reconciler.events.on('changed', () => this.#changed());
    if (this.#detachment !== undefined) this.mirror.disable();
    this.mirror.start();
  }

  async stop(): Promise<void> {
    this.#suspects.stop();
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    // ORDER: the lease is given back only when nothing more is sent.
    if (await doneWithin(this.reconciler.stop(), STOP_LIMIT_MS)) await this.#lease.release();
    await Promise.all([this.mirror.stop(), this.reconciler.stop()]);
    // The set may outlive this mirror's wiring, and what is held there is offered to nobody.
    this.#judgeRecent(undefined);
  }

  get required(): boolean {
    return this.mirror.config.required && this.#detachment === undefined && !this.#isJoining;
  }

  /** From here to the first time that it is in sync nothing counts on it. Before `start`. */
  join(): void {
    this.#isJoining = true;
  }

  get isJoining(): boolean {
    return this.#isJoining;
  }

  get detachment(): string | undefined {
    return this.#detachment;
  }

  /** undefined where it was never compared as a whole. */
  get lastScrubs(): LastScrubs | undefined {
    return this.#lastScrubs;
  }

  scrubbed(scrubs: LastScrubs): void {
    this.#lastScrubs = scrubs;
    this.#changed();
  }

  get inSync(): boolean {
    return this.mirror.linkState === 'up' && this.stale.size === 0 && !this.#lease.lapse;
  }

  get marks(): number {
    return this.stale.marks;
  }

  get knownDown(): boolean {
    return this.#knownDown;
  }

  get content(): { readonly state: ContentState; readonly sinceMs: number } {
    return this.#content;
  }

  async ready(): Promise<void> {
    const { lapse } = this.#lease;
    if (lapse) this.mirror.fence(lapse);
    await this.mirror.connected();
    // A short catch-up is waited for as long as one attempt may take; a long one, or one that is stuck, is not.
    if (!this.inSync) await this.caughtUp(this.#timeoutMs);
  }

  gaveUp(): void {
    if (this.mirror.linkState !== 'up') this.#knownDown = true;
  }

  suspect(affected: readonly AffectedPath[]): void {
    this.#suspects.add(affected);
  }

  touched(affected: readonly AffectedPath[]): void {
    this.#recent.add(affected);
  }

  flushed(path: AffectedPath['path']): void {
    if (this.mirror.link.capabilities?.fsync) this.#recent.flushed(path);
  }

  mark(affected: readonly AffectedPath[]): void {
    this.stale.mark(affected);
  }

  markHeld(affected: readonly AffectedPath[]): HeldMark {
    return this.stale.markHeld(affected);
  }

  /** False when it already was so. */
  detach(reason: string): boolean {
    if (this.#detachment !== undefined) return false;
    this.#detachment = reason;
    this.mirror.disable();
    this.#changed();
    return true;
  }

  attach(): boolean {
    if (this.#detachment === undefined) return false;
    this.#detachment = undefined;
    this.#knownDown = false;
    this.mirror.enable();
    this.#changed();
    return true;
  }

  /** Resolves when it is in sync; rejects with what stands in the way: the link, a path, or the limit. */
  async caughtUp(limitMs?: number): Promise<void> {
    const passesBefore = this.reconciler.passes;
    this.reconciler.start();
    const subscriptions: (() => void)[] = [];
    const caughtUp = new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.inSync) return resolve();
        if (this.mirror.linkState !== 'up') return reject(this.#lost());
        // What stood in the way earlier may be gone: only what a pass finds from now on counts.
        const problem = this.reconciler.passes > passesBefore ? this.reconciler.problems[0] : undefined;
        if (problem) reject(this.#stuck(problem.error));
      };
      subscriptions.push(this.events.on('changed', look));
      look();
    });
    try {
      if (limitMs === undefined) await caughtUp;
      else await withDeadline(caughtUp, limitMs, `${this.name} is catching up`, 'MIRROR_STALE');
    } finally {
      for (const unsubscribe of subscriptions) unsubscribe();
    }
  }

  /** DURABILITY: marked now, as this process may be another one when the link is back. */
  #doubtRecent(): void {
    this.#unsure ??= this.stale.markHeld(this.#recent.list());
  }

  /** What was written lately is on a machine that has stayed up all the time, or is to be looked at. */
  #judgeRecent(bootId: string | undefined): void {
    if (bootId !== undefined && bootId === this.#bootId) this.#unsure?.clear();
    else this.#unsure?.release();
    this.#unsure = undefined;
    this.#bootId = bootId;
  }

  #lost(): AppError {
    return new AppError('MIRROR_UNREACHABLE', `${this.name} was lost while catching up`);
  }

  #stuck(cause: AppError): AppError {
    const code = HOLDS_FOR_ALL.has(cause.code) ? cause.code : 'MIRROR_STALE';
    return new AppError(code, `${this.name} can't be put right yet: ${cause.message}`, { cause });
  }

  #changed(): void {
    if (this.inSync) this.#isJoining = false;
    const state = this.#contentNow();
    if (state !== this.#content.state) this.#content = { state, sinceMs: Date.now() };
    this.events.emit('changed', undefined);
  }

  #contentNow(): ContentState {
    if (this.#isHeld) return 'unknown';
    if (this.stale.size > 0) return this.reconciler.busy ? 'resyncing' : 'stale';
    if (this.mirror.linkState === 'up') return 'in-sync';
    // What was in sync when the link went is still so: every change since was refused or marked.
    return this.#content.state === 'unknown' ? 'unknown' : 'in-sync';
  }
}
