import type { Logger } from '../base/logger.ts';
import { doneWithin } from '../base/wait.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { IntentLog } from '../journal/intent-log.ts';
import { sharedInodeOf } from './local-check.ts';
import { LaggingMtimes } from './mtimes.ts';
import type { Participant } from './participant.ts';
import type { PathLocks } from './path-locks.ts';

const TICK_MS = 200;
const STOP_LIMIT_MS = 5000;
/**
 * A closed file waits this long: those closed meanwhile share a train of requests, and one that gets its times set
 * right after it was closed, as programs that copy do, needs none.
 */
const SOON_MS = 15;
/** A directory or file that hasn't changed for this long gets its mtime carried over unasked. */
const REST_MS = 200;
const PATHS_PER_TICK = 500;
/** An intent stays noted this long after its last use, so that a stream of writes is noted once. */
const HOT_MS = 5000;
/** How often the local tree is made durable to retire intents; sooner, but not more often than they cool, when there are many. */
const RETIRE_MS = 15_000;
const MANY_INTENTS = 2000;

export interface SettlingOptions {
  readonly local: LocalTree;
  readonly intents: IntentLog;
  readonly locks: PathLocks;
  readonly participants: () => readonly Participant[];
  readonly logger: Logger;
}

/**
 * What follows a transaction when its paths come to rest: the mtimes that each replica set by its own clock
 * are made the local ones, and intents are retired once the local tree is on stable storage.
 */
export class Settling {
  readonly #options: SettlingOptions;
  readonly #mtimes = new LaggingMtimes();
  readonly #soon = new Set<TreePath>();
  #soonTimer: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #retiring: Promise<void> | undefined;
  #retiredAtMs = Date.now();

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#tick().finally(() => {
        this.#running = undefined;
      });
    }, TICK_MS);
  }

  /**
   * Carries over what is left and retires every intent, for so long as a stop may take: what stays noted is put
   * right at the next start.
   */
  async stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soonTimer);
    const now = Date.now() + 1;
    const rest = async () => {
      await Promise.all([this.#running, this.#retiring]);
      while (this.#mtimes.size > 0) await this.#settleResting(now);
      await this.#retire(now);
    };
    await doneWithin(rest(), limitMs);
  }

  /** To be called with the paths still locked. */
  follow(operation: Operation): void {
    this.#mtimes.follow(operation, Date.now());
  }

  /**
   * To be called with the paths locked, before a name goes or a directory moves: an mtime that lags then would be
   * noted under a name that no longer leads to the file.
   */
  async before(operation: Operation, isDirectory: boolean): Promise<void> {
    if (operation.kind === 'unlink') return this.#settleShared(operation.path);
    if (operation.kind !== 'rename') return;
    if (!isDirectory) return this.#settleShared(operation.to);
    await Promise.all(this.#mtimes.within(operation.path).map((path) => this.#settleWithInode(path)));
  }

  /** Of a file that has further names. */
  async #settleShared(path: TreePath): Promise<void> {
    if (this.#mtimes.changesOf(path) === undefined) return;
    const names = await this.#options.local.lstat(path).then(
      ({ nlink }) => nlink,
      () => 0n,
    );
    if (names > 1n) await this.#settleLocked(path);
  }

  /** Whether the mirrors may have another mtime there: of a change under way, or one that has not come to rest. */
  lags(path: TreePath): boolean {
    return this.#mtimes.has(path) || this.#options.intents.isNoted({ kind: 'attributes', path });
  }

  /** See `Transactions.settle`. */
  settle(path: TreePath): Promise<void> {
    return this.#settle(path, false);
  }

  async #settle(path: TreePath, isClosed: boolean): Promise<void> {
    if (this.#mtimes.changesOf(path) === undefined) return;
    const release = await this.#options.locks.acquire([{ path, subtree: false }]);
    try {
      await this.#settleWithInode(path, isClosed);
    } finally {
      release();
    }
  }

  /** RACE: by another name of the file its times may be set between reading them here and telling the mirrors. */
  async #settleWithInode(path: TreePath, isClosed = true): Promise<void> {
    const { local, locks } = this.#options;
    const inodes = await local.lstat(path).then(sharedInodeOf, () => []);
    if (inodes.length === 0) return this.#settleLocked(path, isClosed);
    const release = await locks.acquire(inodes.map((inode) => ({ inode })));
    try {
      await this.#settleLocked(path, isClosed);
    } finally {
      release();
    }
  }

  /** See `Transactions.settleSoon`. */
  settleSoon(path: TreePath): void {
    this.#soon.add(path);
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = undefined;
      const paths = [...this.#soon];
      this.#soon.clear();
      const settled = Promise.all(paths.map((each) => this.#settle(each, true)));
      settled.catch((error: unknown) => this.#options.logger.error('settling-failed', { error }));
    }, SOON_MS);
  }

  async #settleLocked(path: TreePath, isClosed = true): Promise<void> {
    const changes = this.#mtimes.changesOf(path);
    if (changes === undefined) return;
    const stat = this.#options.local.statNow(path);
    if (stat && stat.type !== 'other') {
      const operation: Operation = { kind: 'times', path, atimeNs: stat.atimeNs, mtimeNs: stat.mtimeNs };
      await Promise.all(
        this.#options.participants().map((participant) => carryOver(participant, operation, isClosed)),
      );
    }
    this.#mtimes.settled(path, changes);
  }

  async #tick(): Promise<void> {
    try {
      await this.#settleResting(Date.now() - REST_MS);
      this.#retireWhenDue();
    } catch (error) {
      this.#options.logger.error('settling-failed', { error });
    }
  }

  /** Beside the settling, which must not wait for a disk that is busy with much written data. */
  #retireWhenDue(): void {
    const { size } = this.#options.intents;
    const restMs = Date.now() - this.#retiredAtMs;
    if (this.#retiring || size === 0 || restMs < (size > MANY_INTENTS ? HOT_MS : RETIRE_MS)) return;
    this.#retiring = this.#retire(Date.now() - HOT_MS)
      .catch((error: unknown) => this.#options.logger.error('retiring-failed', { error }))
      .finally(() => {
        this.#retiring = undefined;
      });
  }

  async #settleResting(beforeMs: number): Promise<void> {
    const resting = this.#mtimes.restingSince(beforeMs, PATHS_PER_TICK);
    await Promise.all(resting.map((path) => this.#settle(path, true)));
  }

  async #retire(beforeMs: number): Promise<void> {
    const { intents, local } = this.#options;
    const retiring = intents.idleSince(beforeMs).filter(({ path }) => !this.#mtimes.has(path));
    this.#retiredAtMs = Date.now();
    if (retiring.length === 0) return;
    // DURABILITY: until the local tree is on stable storage a power cut may take back what the mirrors keep.
    await local.syncAll();
    intents.retire(retiring, beforeMs);
  }
}

async function carryOver(
  participant: Participant,
  operation: Operation & { kind: 'times' },
  isClosed: boolean,
): Promise<void> {
  // A mirror that isn't in sync has the path among its stale ones already, or will compare it when it returns.
  if (!participant.inSync) return participant.mark([{ kind: 'attributes', path: operation.path }]);
  try {
    const applied = participant.tree.apply(operation, { repeated: true });
    // The mirror hears so in the same train.
    if (isClosed) participant.tree.release(operation.path);
    await applied;
  } catch {
    participant.mark([{ kind: 'attributes', path: operation.path }]);
  }
}
