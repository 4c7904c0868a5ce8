import { Cancellation } from '../base/cancellation.ts';
import { TypedEmitter } from '../base/emitter.ts';
import { AppError, asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { doneWithin, sleep } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { isWithin, type TreePath } from '../filesystem/tree-path.ts';
import type { StalePath, StaleSet } from '../journal/stale-set.ts';
import { forEachConcurrently } from './concurrency.ts';
import { LinkGroups } from './link-groups.ts';
import { RealDirectories } from './real-directories.ts';
import { Throttle } from './throttle.ts';
import { repairAffected } from './repair-affected.ts';
import { RepairRoom } from './repair-room.ts';
import { Repair } from './repair.ts';
import { Sending } from './sending.ts';

const AT_ONCE = 64;
const LOOK_AGAIN_MS = 100;
const MOST_PROBLEMS = 100;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A stale path that could not be repaired in the last pass. */
export interface RepairProblem {
  readonly affected: AffectedPath;
  readonly error: AppError;
}

interface Pass {
  readonly sending: Sending;
  readonly groups: LinkGroups;
  readonly missing: Set<TreePath>;
  readonly directories: RealDirectories;
  /** Those under way. */
  readonly busy: Map<string, { readonly affected: AffectedPath; readonly done: Promise<void> }>;
  /** Those that changed while they were repaired, or failed. */
  readonly tried: Set<string>;
  readonly failed: Map<string, { readonly stale: StalePath; readonly error: AppError }>;
  linkLost: boolean;
}

/** Runs work with a path locked, so that a file that never rests is caught in the end; waits no longer than until cancelled. */
export type WithLock = <T>(
  affected: AffectedPath,
  cancellation: Cancellation,
  work: () => Promise<T>,
) => Promise<T>;

/**
 * Drains the stale set of one mirror. While it drains, the mirror takes part in no transaction, so whatever
 * changes meanwhile is marked stale again: a repair counts only if its path was not marked since it began.
 */
export class Reconciler {
  readonly events = new TypedEmitter<{ changed: undefined }>();
  readonly #local: LocalTree;
  readonly #mirror: FileTree;
  readonly #stale: StaleSet;
  readonly #withLock: WithLock;
  readonly #logger: Logger;
  readonly #throttle: Throttle;
  readonly #roundTripMs: () => number | undefined;
  #problems: RepairProblem[] = [];
  #passes = 0;
  #draining: Promise<void> | undefined;
  #stopping = new Cancellation();
  #waking = new AbortController();

  constructor(options: {
    local: LocalTree;
    mirror: FileTree;
    stale: StaleSet;
    withLock: WithLock;
    logger: Logger;
    bandwidthLimit?: number | undefined;
    /** undefined while it is not known. */
    roundTripMs?: () => number | undefined;
  }) {
    this.#local = options.local;
    this.#mirror = options.mirror;
    this.#stale = options.stale;
    this.#withLock = options.withLock;
    this.#logger = options.logger;
    this.#throttle = new Throttle(options.bandwidthLimit);
    this.#roundTripMs = options.roundTripMs ?? (() => undefined);
  }

  get busy(): boolean {
    return this.#draining !== undefined;
  }

  /** What could not be repaired in the last pass, capped. */
  get problems(): readonly RepairProblem[] {
    return this.#problems;
  }

  /** Content sent to the mirror so far. */
  get sentBytes(): number {
    return this.#throttle.takenBytes;
  }

  /** How many passes have ended: what `problems` says is of the last of them. */
  get passes(): number {
    return this.#passes;
  }

  /** Drains until the set is empty, the link is lost or `stop`; asked again meanwhile, it goes on at once. */
  start(): void {
    // Asked at each path that is marked, and each abort makes an error.
    if (!this.#waking.signal.aborted) this.#waking.abort();
    if (this.#draining || this.#stale.size === 0) return;
    this.#stopping = new Cancellation();
    this.#draining = this.#drain(this.#stopping.signal)
      .catch((error: unknown) => this.#logger.error('reconciler-failed', { error: asAppError(error) }))
      .finally(() => {
        this.#draining = undefined;
        this.events.emit('changed', undefined);
      });
    this.events.emit('changed', undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.cancel(new AppError('SHUTTING_DOWN', 'the reconciler is stopped'));
    await this.#draining;
  }

  async #drain(signal: AbortSignal): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; this.#stale.size > 0 && !signal.aborted; ) {
      const before = this.#stale.size;
      const outcome = await this.#pass(signal);
      if (outcome === 'link-lost') return;
      if (this.#stale.size === 0) return;
      pauseMs = this.#stale.size < before ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      this.#waking = new AbortController();
      const held = this.#problems.length === 0;
      await sleep(held ? 20 : pauseMs, AbortSignal.any([signal, this.#waking.signal])).catch(() => {});
    }
  }

  /** Offers each stale path once, and those in whose way another one stood once more. */
  async #pass(signal: AbortSignal): Promise<'over' | 'link-lost'> {
    const pass: Pass = {
      sending: this.#sending(signal),
      groups: new LinkGroups(this.#local),
      missing: new Set(),
      directories: new RealDirectories(this.#mirror),
      busy: new Map(),
      tried: new Set(),
      failed: new Map(),
      linkLost: false,
    };
    const goesOn = () => !pass.linkLost && !signal.aborted;
    while (goesOn() && (await this.#fill(pass)));
    await Promise.all([...pass.busy.values()].map(({ done }) => done));
    // A directory can go only after what was stale below it, so the deepest come first.
    for (const sameDepth of blockedByDepth(pass)) {
      if (goesOn()) await forEachConcurrently(sameDepth, AT_ONCE, (stale) => this.#attempt(pass, stale));
    }
    this.#report(pass);
    return pass.linkLost ? 'link-lost' : 'over';
  }

  /** Starts as many repairs as may be under way and waits until one of them ends; false where none is left. */
  async #fill(pass: Pass): Promise<boolean> {
    const { busy, failed } = pass;
    const skip = {
      has: (key: string, affected: AffectedPath) => failed.has(key) || isInTheWay(affected, busy),
    };
    for (const stale of this.#stale.next(AT_ONCE - busy.size, skip)) {
      if (!mayStart(stale.affected, busy)) break;
      if (isInTheWay(stale.affected, busy)) continue;
      const done = this.#attempt(pass, stale).finally(() => busy.delete(stale.key));
      busy.set(stale.key, { affected: stale.affected, done });
    }
    if (busy.size === 0) return this.#stale.more();
    // What is marked meanwhile need not wait for the end of a large file.
    await doneWithin(Promise.race([...busy.values()].map(({ done }) => done)), LOOK_AGAIN_MS);
    return true;
  }

  async #attempt(pass: Pass, stale: StalePath): Promise<void> {
    if (pass.linkLost) return;
    try {
      const isSettled = await this.#repairOne(pass, stale, pass.tried.has(stale.key));
      pass.failed.delete(stale.key);
      if (isSettled) pass.tried.delete(stale.key);
      else pass.tried.add(stale.key);
    } catch (thrown) {
      const error = asAppError(thrown);
      pass.tried.add(stale.key);
      if (error.row.retryable || this.#stopping.reason) pass.linkLost = true;
      else pass.failed.set(stale.key, { stale, error });
    }
  }

  /** False where it was marked again meanwhile. */
  async #repairOne(pass: Pass, stale: StalePath, locked: boolean): Promise<boolean> {
    const follow = (affected: AffectedPath) => this.#stale.mark([affected]);
    const repair = new Repair({
      local: this.#local,
      mirror: this.#mirror,
      groups: pass.groups,
      follow,
      sending: pass.sending,
      missing: pass.missing,
      directories: pass.directories,
    });
    const work = () => repairAffected(repair, stale.affected, 'content', follow, 'later');
    // A large file is copied without holding up its writers; if they changed it meanwhile, they wait once. In a whole
    // directory nobody waits: what changes there is marked by its own name.
    if (locked && !isWide(stale.affected)) await this.#withLock(stale.affected, this.#stopping, work);
    else await work();
    return this.#stale.settle(stale);
  }

  #sending(signal: AbortSignal): Sending {
    const room = new RepairRoom(this.#roundTripMs());
    return new Sending({ local: this.#local, mirror: this.#mirror, room, throttle: this.#throttle, signal });
  }

  #report(pass: Pass): void {
    const failed = [...pass.failed.values()].slice(0, MOST_PROBLEMS);
    this.#problems = failed.map(({ stale, error }) => ({ affected: stale.affected, error }));
    this.#passes += 1;
    this.events.emit('changed', undefined);
    for (const { affected, error } of this.#problems.slice(0, 5)) {
      const { code, message } = error;
      this.#logger.warn('repair-failed', { path: affected.path, kind: affected.kind, code, error: message });
    }
  }
}

/** What another stale path stood in the way of, in groups of one depth, the deepest first. */
function blockedByDepth({ failed }: Pass): StalePath[][] {
  const depths = new Map<number, StalePath[]>();
  for (const { stale, error } of failed.values()) {
    if (error.code !== 'MIRROR_DIVERGED') continue;
    const depth = stale.affected.path.split('/').length;
    const group = depths.get(depth);
    if (group) group.push(stale);
    else depths.set(depth, [stale]);
  }
  return [...depths].sort(([a], [b]) => b - a).map(([, group]) => group);
}

/**
 * RACE: of two repairs of one file the slower one could put back what it has read before the file was changed. And while
 * one makes a symlink of a directory, or the other way round, another may not be about to go through it.
 */
function isInTheWay(one: AffectedPath, busy: Pass['busy']): boolean {
  // Moves come before all else, and wait for all else.
  if (one.kind === 'move') return false;
  for (const { affected: other } of busy.values()) {
    if (isWithin(one.path, other.path) || isWithin(other.path, one.path)) return true;
  }
  return false;
}

function isWide({ kind }: AffectedPath): boolean {
  return kind === 'tree' || kind === 'children';
}

/** A move goes alone, since names mean something else after it; attributes go after what is done in their directories. */
function mayStart({ kind }: AffectedPath, busy: Pass['busy']): boolean {
  if (kind === 'move') return busy.size === 0;
  const others = [...busy.values()].map(({ affected }) => affected.kind);
  return !others.some((other) => other === 'move' || (kind === 'attributes' && other !== 'attributes'));
}
