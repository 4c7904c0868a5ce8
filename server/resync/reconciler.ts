import { TypedEmitter } from '../base/emitter.ts';
import { asAppError, type AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { StalePath, StaleSet } from '../journal/stale-set.ts';
import { forEachConcurrently } from './concurrency.ts';
import { LinkGroups } from './link-groups.ts';
import { Throttle } from './throttle.ts';
import { repairAffected } from './repair-affected.ts';
import { Repair } from './repair.ts';

const PAGE = 64;
const AT_ONCE = 16;
const MOST_PROBLEMS = 100;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A stale path that could not be repaired in the last pass. */
export interface RepairProblem {
  readonly affected: AffectedPath;
  readonly error: AppError;
}

interface Pass {
  readonly groups: LinkGroups;
  readonly tried: Set<string>;
  readonly failed: Map<string, { readonly stale: StalePath; readonly error: AppError }>;
  linkLost: boolean;
}

/** Runs work with a path locked, so that a file that never rests is caught in the end. */
export type WithLock = <T>(affected: AffectedPath, work: () => Promise<T>) => Promise<T>;

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
  #problems: RepairProblem[] = [];
  #passes = 0;
  #draining: Promise<void> | undefined;
  #stopping = new AbortController();
  #waking = new AbortController();

  constructor(options: {
    local: LocalTree;
    mirror: FileTree;
    stale: StaleSet;
    withLock: WithLock;
    logger: Logger;
    bandwidthLimit?: number | undefined;
  }) {
    this.#local = options.local;
    this.#mirror = options.mirror;
    this.#stale = options.stale;
    this.#withLock = options.withLock;
    this.#logger = options.logger;
    this.#throttle = new Throttle(options.bandwidthLimit);
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
    this.#waking.abort();
    if (this.#draining || this.#stale.size === 0) return;
    this.#stopping = new AbortController();
    this.#draining = this.#drain(this.#stopping.signal)
      .catch((error: unknown) => this.#logger.error('reconciler-failed', { error: asAppError(error) }))
      .finally(() => {
        this.#draining = undefined;
        this.events.emit('changed', undefined);
      });
    this.events.emit('changed', undefined);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
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
      groups: new LinkGroups(this.#local),
      tried: new Set(),
      failed: new Map(),
      linkLost: false,
    };
    const goesOn = () => !pass.linkLost && !signal.aborted;
    while (goesOn()) {
      const page = this.#stale.next(PAGE, pass.failed);
      if (page.length === 0) break;
      await forEachConcurrently(page, AT_ONCE, (stale) => this.#attempt(pass, stale));
      this.events.emit('changed', undefined);
    }
    // A directory can go only after what was stale below it, so the deepest come first.
    const blocked = [...pass.failed.values()].filter(({ error }) => error.code === 'MIRROR_DIVERGED');
    for (const { stale } of blocked.sort((a, b) => b.stale.key.length - a.stale.key.length)) {
      if (goesOn()) await this.#attempt(pass, stale);
    }
    this.#report(pass);
    return pass.linkLost ? 'link-lost' : 'over';
  }

  async #attempt(pass: Pass, stale: StalePath): Promise<void> {
    if (pass.linkLost) return;
    const again = pass.tried.has(stale.key);
    pass.tried.add(stale.key);
    try {
      await this.#repairOne(stale, pass.groups, again);
      pass.failed.delete(stale.key);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.row.retryable || this.#stopping.signal.aborted) pass.linkLost = true;
      else pass.failed.set(stale.key, { stale, error });
    }
  }

  async #repairOne(stale: StalePath, groups: LinkGroups, locked: boolean): Promise<void> {
    const follow = (affected: AffectedPath) => this.#stale.mark([affected]);
    const repair = new Repair({
      local: this.#local,
      mirror: this.#mirror,
      groups,
      follow,
      throttle: this.#throttle,
      signal: this.#stopping.signal,
    });
    const work = () => repairAffected(repair, stale.affected, 'content', follow);
    // A large file is copied without holding up its writers; if they changed it meanwhile, they wait once.
    await (locked ? this.#withLock(stale.affected, work) : work());
    this.#stale.settle(stale);
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
