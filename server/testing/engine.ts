import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectRepairer } from '../appliance/direct-repairer.ts';
import { recover } from '../appliance/recovery.ts';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { waitUntil } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { Excludes } from '../filesystem/excludes.ts';
import { includedLocalPart, includedPart } from '../filesystem/included-part.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { IDENTITY_FILE } from '../filesystem/tree-path.ts';
import { Journal } from '../journal/journal.ts';
import type { StaleSet } from '../journal/stale-set.ts';
import { Reconciler, type WithLock } from '../resync/reconciler.ts';
import { Coordinator } from '../transaction/coordinator.ts';
import type { HeldMark, Participant } from '../transaction/participant.ts';
import { PathLocks } from '../transaction/path-locks.ts';
import type { RetryPolicy } from '../transaction/retry-schedule.ts';
import { Settling } from '../transaction/settling.ts';
import type { StepHook } from '../transaction/step.ts';
import { FaultyTree } from './faulty-tree.ts';

/** A mirror that is a directory of this machine: linked or not as the test says, repaired as a real one is. */
export class DirectoryMirror implements Participant {
  readonly name: string;
  readonly root: string;
  readonly tree: FaultyTree;
  readonly directory: LocalTree;
  readonly stale: StaleSet;
  readonly reconciler: Reconciler;
  required = true;
  knownDown = false;

  constructor(name: string, root: string, local: LocalTree, stale: StaleSet, excludes: Excludes) {
    this.name = name;
    this.root = root;
    this.directory = new LocalTree(root, join(root, '.proxyfs'));
    this.tree = new FaultyTree(includedPart(this.directory, excludes));
    this.stale = stale;
    const withLock: WithLock = (_affected, _cancellation, work) => work();
    this.reconciler = new Reconciler({ local, mirror: this.tree, stale, withLock, logger: silentLogger });
  }

  get inSync(): boolean {
    return this.tree.linked && this.stale.size === 0;
  }

  get marks(): number {
    return this.stale.marks;
  }

  async ready(): Promise<void> {
    if (!this.tree.linked) throw new AppError('MIRROR_UNREACHABLE');
    this.reconciler.start();
    if (!(await waitUntil(() => this.inSync, 2000))) throw new AppError('MIRROR_STALE');
  }

  /** The same with more patience, telling what is in the way. */
  async caughtUp(limitMs = 20_000): Promise<void> {
    this.reconciler.start();
    if (await waitUntil(() => this.inSync, limitMs)) return;
    const problems = this.reconciler.problems.map(
      ({ affected, error }) => `${affected.kind} ${affected.path}: ${error.message}`,
    );
    throw new Error(
      `${this.name} is not in sync: ${this.stale.size} stale; ${problems.slice(0, 10).join('; ')}`,
    );
  }

  gaveUp(): void {
    this.knownDown = !this.tree.linked;
  }

  readonly suspects: AffectedPath[] = [];

  suspect(affected: readonly AffectedPath[]): void {
    this.suspects.push(...affected);
  }

  touched(): void {}

  flushed(): void {}

  mark(affected: readonly AffectedPath[]): void {
    this.stale.mark(affected);
  }

  markHeld(affected: readonly AffectedPath[]): HeldMark {
    return this.stale.markHeld(affected);
  }
}

interface EngineParts {
  readonly local: LocalTree;
  readonly journal: Journal;
  readonly locks: PathLocks;
  readonly coordinator: Coordinator;
  readonly settling: Settling;
}

/** The transaction engine on a local directory and three more, without a socket or a mount. */
export class Engine {
  readonly base: string;
  readonly localRoot: string;
  readonly mirrors: DirectoryMirror[] = [];
  readonly policy: RetryPolicy = { times: 2, waitMs: [10], timeoutMs: 1000 };
  step: StepHook = () => Promise.resolve();
  #started: EngineParts | undefined;

  private constructor(base: string) {
    this.base = base;
    this.localRoot = join(base, 'local');
  }

  static async start(exclude: readonly string[] = []): Promise<Engine> {
    const engine = new Engine(await mkdtemp(join(tmpdir(), 'engine-')));
    engine.exclude = exclude;
    for (const name of ['local', 'm1', 'm2', 'm3']) await mkdir(join(engine.base, name));
    await engine.restart();
    return engine;
  }

  get local(): LocalTree {
    return this.#parts.local;
  }

  get journal(): Journal {
    return this.#parts.journal;
  }

  get coordinator(): Coordinator {
    return this.#parts.coordinator;
  }

  get locks(): PathLocks {
    return this.#parts.locks;
  }

  get settling(): Settling {
    return this.#parts.settling;
  }

  get roots(): string[] {
    return [this.localRoot, ...this.mirrors.map(({ root }) => root)];
  }

  /** Ends as by a kill: nothing of the run goes on; resolves when what a replica was already asked for is done there. */
  async die(): Promise<void> {
    this.step = () => new Promise(() => {});
    for (const { tree } of this.mirrors) tree.die();
    if (!(await waitUntil(() => this.mirrors.every(({ tree }) => tree.underWay === 0), 5000))) {
      throw new Error('a replica is still busy');
    }
  }

  /** What tells one start of the machine from the next; a test changes it to have the machine go down. */
  bootId = 'boot 1';
  /** What is local only from the next start on. */
  exclude: readonly string[] = [];

  /** Begins anew on what is on disk, as after a crash: nothing of the old run is asked to end. */
  async restart(): Promise<void> {
    await this.#started?.journal.close();
    const journal = await Journal.open(join(this.base, 'state'), this.bootId);
    const local = new LocalTree(this.localRoot, join(this.base, 'state'));
    await local.start();
    await local.writeReserved(IDENTITY_FILE, Buffer.from('{}'));
    const excludes = new Excludes(this.exclude);
    const shared = includedLocalPart(local, excludes);
    this.mirrors.splice(0);
    for (const name of ['m1', 'm2', 'm3']) {
      const root = join(this.base, name);
      const mirror = new DirectoryMirror(name, root, shared, journal.staleSet(name), excludes);
      await mirror.directory.start();
      this.mirrors.push(mirror);
    }
    await recover({ local, journal, mirrors: this.mirrors.map(({ name }) => name), logger: silentLogger });
    const locks = new PathLocks();
    const common = {
      local,
      intents: journal.intents,
      locks,
      participants: () => this.mirrors,
      logger: silentLogger,
    };
    const step: StepHook = (name, about) => this.step(name, about);
    const repairer = new DirectRepairer(shared);
    const settling = new Settling({ ...common, local: shared });
    const before = settling.before.bind(settling);
    const coordinator = new Coordinator({
      ...common,
      excludes,
      repairer,
      policy: this.policy,
      admit: () => {},
      before,
      step,
    });
    coordinator.events.on('committed', (operation) => settling.follow(operation));
    this.#started = { local, journal, locks, coordinator, settling };
  }

  /** Lets every mirror catch up and carries the mtimes over. */
  async heal(): Promise<void> {
    for (const mirror of this.mirrors) {
      mirror.tree.linked = true;
      mirror.knownDown = false;
      await mirror.caughtUp();
    }
    await this.settling.stop();
    for (const mirror of this.mirrors) await mirror.caughtUp();
  }

  async stop(): Promise<void> {
    for (const { reconciler, directory } of this.mirrors) {
      await reconciler.stop();
      await directory.stop();
    }
    await this.#started?.local.stop();
    await this.#started?.journal.close();
    await rm(this.base, { recursive: true, force: true });
  }

  get #parts() {
    if (!this.#started) throw new Error('the engine is not started');
    return this.#started;
  }
}
