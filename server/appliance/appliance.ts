import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { AppError, asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { waitUntil } from '../base/wait.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';
import { Excludes } from '../filesystem/excludes.ts';
import { includedLocalPart } from '../filesystem/included-part.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import type { FuseDriver } from '../fuse/driver.ts';
import { hiddenMountReason } from '../fuse/mount-reach.ts';
import { Journal } from '../journal/journal.ts';
import { MountHandlers } from '../mount/handlers.ts';
import { Coordinator } from '../transaction/coordinator.ts';
import { PathLocks } from '../transaction/path-locks.ts';
import { Settling } from '../transaction/settling.ts';
import type { StepHook } from '../transaction/step.ts';
import { beginExcludes } from './begin-excludes.ts';
import type { ControlPlane } from './control-plane.ts';
import { wireControlPlane } from './control-plane-wiring.ts';
import { driverFor } from './driver-choice.ts';
import { EventRing } from './event-ring.ts';
import { JobFiles } from './job-files.ts';
import { Jobs } from './jobs.ts';
import { LEASE_TIMES, type LeaseTimes } from './lease.ts';
import type { MirrorSet } from './mirror-set.ts';
import { mirrorSetFor } from './mirror-wiring.ts';
import { Mode } from './mode.ts';
import { ownGround } from './own-ground.ts';
import { DirectRepairer } from './direct-repairer.ts';
import { readyOrNot } from './ready-or-not.ts';
import { recover } from './recovery.ts';
import { ReplicaIdentity } from './replica-identity.ts';
import { ScrubTimer } from './scrub-timer.ts';
import { SingleInstance } from './single-instance.ts';

/** For tests. */
export interface ApplianceHooks {
  /** Called at each named step of each transaction. */
  readonly step?: StepHook;
  /** Shorter than real ones. */
  readonly leaseTimes?: LeaseTimes;
}

export interface ApplianceOptions extends ApplianceHooks {
  readonly configuration: Configuration;
  readonly logger: Logger;
  /** Where `configuration` came from: without it the list of mirrors can't be changed. */
  readonly configurationFile?: ConfigurationFile;
  /** Called once when the mount ended by itself. */
  readonly onLost?: (reason: string) => void;
}

interface Engine {
  readonly local: LocalTree;
  readonly mirrors: MirrorSet;
  readonly mode: Mode;
  readonly coordinator: Coordinator;
  readonly settling: Settling;
  readonly jobs: Jobs;
}

/** How long a stop waits for the transactions under way before it cancels them. */
const STOP_PATIENCE_MS = 3000;

/**
 * The one place where the parts are wired: local tree, journal, mirrors, transactions, mount, control plane.
 * `start` leaves it mounted (or rejects, with nothing left behind), `stop` undoes all of it.
 */
export class Appliance {
  readonly #options: ApplianceOptions;
  readonly #instance: SingleInstance;
  readonly #excludes: Excludes;
  readonly #undo: (() => Promise<void> | void)[] = [];
  #controlPlane: ControlPlane | undefined;
  #mounted = false;

  constructor(options: ApplianceOptions) {
    this.#options = options;
    this.#instance = new SingleInstance(options.configuration.localPath);
    this.#excludes = new Excludes(options.configuration.exclude);
  }

  get controlPlane(): ControlPlane {
    if (!this.#controlPlane) throw new AppError('BUG', 'the appliance was not started');
    return this.#controlPlane;
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const step of this.#undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        this.#options.logger.error('stop-failed', { error: asAppError(error) });
      }
    }
  }

  async #start(): Promise<void> {
    const { configuration, logger } = this.#options;
    const excludes = this.#excludes;
    await checkLocalPath(configuration.localPath);
    await this.#instance.acquire();
    this.#undo.push(() => this.#instance.release());
    const journal = await Journal.open(join(configuration.statePath, 'journal'));
    this.#undo.push(() => journal.close());
    const local = new LocalTree(configuration.localPath, configuration.statePath);
    await local.start();
    this.#undo.push(() => local.stop());
    const identity = new ReplicaIdentity(includedLocalPart(local, excludes), journal, excludes);
    await identity.begin(this.#instance.lock);
    const mirrors = configuration.mirrors.map(({ name }) => name);
    // What changes from now on is not marked for mirrors that are left out: coming back, they are compared in full.
    for (const left of journal.knownMirrors()) if (!mirrors.includes(left)) await journal.forget(left);
    await recover({ local, journal, mirrors, logger });
    await beginExcludes({ journal, local, excludes, mirrors, logger });
    await this.#startEngine(journal, local, identity);
  }

  async #startEngine(journal: Journal, local: LocalTree, identity: ReplicaIdentity): Promise<void> {
    const { configuration, logger, step } = this.#options;
    const excludes = this.#excludes;
    const shared = includedLocalPart(local, excludes);
    const locks = new PathLocks();
    const { timeoutMs } = configuration;
    const own = await ownGround(configuration);
    const leaseTimes = this.#options.leaseTimes ?? LEASE_TIMES;
    const context = { journal, local: shared, excludes, identity, locks, own, leaseTimes, timeoutMs, logger };
    const mirrors = mirrorSetFor(configuration.mirrors, context);
    const mode = new Mode(mirrors, journal.writesOff);
    const participants = () => mirrors.all;
    const settling = new Settling({ local: shared, intents: journal.intents, locks, participants, logger });
    const coordinator = new Coordinator({
      local,
      intents: journal.intents,
      locks,
      participants,
      excludes,
      repairer: new DirectRepairer(shared),
      policy: { ...configuration.tries, timeoutMs },
      admit: () => mode.admit(),
      before: (operation, isDirectory) => settling.before(operation, isDirectory),
      logger,
      ...(step && { step }),
    });
    coordinator.events.on('committed', (operation) => settling.follow(operation));
    const ring = new EventRing();
    const files = new JobFiles(join(configuration.statePath, 'jobs'), logger);
    const jobs = new Jobs({
      local: shared,
      mirrors,
      locks,
      mtimeLags: (path) => settling.lags(path),
      identity,
      rateLimit: configuration.scrub.rateLimit,
      setLastScrubs: (mirror, scrubs) => journal.setLastScrubs(mirror, scrubs),
      ring,
      logger,
      files,
      kept: await files.load(),
    });
    this.#controlPlane = await wireControlPlane(
      { journal, mirrors, mode, coordinator, ring, jobs },
      { ...this.#options, undo: this.#undo, isMounted: () => this.#mounted },
    );
    await this.#serve({ local, mirrors, mode, coordinator, settling, jobs });
  }

  async #serve(engine: Engine): Promise<void> {
    const { local, mirrors, mode, coordinator, settling, jobs } = engine;
    mirrors.start();
    this.#undo.push(() => mirrors.stop());
    this.#undo.push(() => jobs.stop());
    jobs.takeUp();
    settling.start();
    this.#undo.push(() => settling.stop());
    mode.enter('recovering', 'waiting for the mirrors');
    await readyOrNot(mirrors.all, this.#options.logger);
    mode.enter('running', 'mounted');
    await this.#mount(local, coordinator, settling);
    this.#scrubOnTime(mirrors, jobs);
    // ORDER: unmounting waits for the requests under way, so these end first.
    this.#undo.push(() => this.#drain(coordinator, mode));
  }

  #scrubOnTime(mirrors: MirrorSet, jobs: Jobs): void {
    const { schedule } = this.#options.configuration.scrub;
    if (!schedule) return;
    const timer = new ScrubTimer({ schedule, mirrors, jobs });
    timer.start();
    this.#undo.push(() => timer.stop());
  }

  async #mount(local: LocalTree, coordinator: Coordinator, settling: Settling): Promise<void> {
    const { configuration, logger } = this.#options;
    const handlers = new MountHandlers({
      local,
      transactions: {
        run: (operation, options) => coordinator.run(operation, options),
        settle: (path) => settling.settle(path),
        settleSoon: (path) => settling.settleSoon(path),
      },
      logger,
    });
    const driver: FuseDriver = driverFor(configuration, handlers, logger);
    const hidden = await hiddenMountReason(configuration.mountPoint);
    if (hidden !== undefined) logger.warn('mount-hidden', { reason: hidden });
    await driver.mount();
    this.#mounted = true;
    driver.onLost((reason) => {
      this.#mounted = false;
      this.#options.onLost?.(reason);
    });
    this.#undo.push(async () => {
      await driver.unmount();
      this.#mounted = false;
      // Settles files that were still open for writing, so it comes before the mirrors go.
      await handlers.close();
    });
  }

  /** Whatever is under way ends by itself within its schedule; those that would take long are undone. */
  async #drain(coordinator: Coordinator, mode: Mode): Promise<void> {
    mode.enter('stopping', 'asked to stop');
    const idle = () => coordinator.inFlight().length === 0;
    if (await waitUntil(idle, STOP_PATIENCE_MS)) return;
    for (const { id } of coordinator.inFlight()) coordinator.find(id)?.cancel(new AppError('SHUTTING_DOWN'));
    await waitUntil(idle, this.#options.configuration.timeoutMs + STOP_PATIENCE_MS);
  }
}

async function checkLocalPath(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw new AppError('LOCAL_UNKNOWN', `local_path ${path} is not a directory`);
}
