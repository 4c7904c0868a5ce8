import { join, resolve } from 'node:path';
import { ApiServer } from '../../api/api-server.ts';
import { Attention } from '../../appliance/attention.ts';
import { EventRing } from '../../appliance/event-ring.ts';
import { History } from '../../appliance/history.ts';
import { MetricSampler } from '../../appliance/metric-sampler.ts';
import { MirrorSet } from '../../appliance/mirror-set.ts';
import { Mode } from '../../appliance/mode.ts';
import { Projection } from '../../appliance/projection.ts';
import { Publisher } from '../../appliance/publisher.ts';
import { SyncedMirror } from '../../appliance/synced-mirror.ts';
import { LogRing } from '../../base/log-ring.ts';
import { silentLogger } from '../../base/logger.ts';
import type { MirrorConfiguration } from '../../config/configuration.ts';
import type { Space } from '../../filesystem/file-tree.ts';
import { treePath } from '../../filesystem/tree-path.ts';
import { MetricFiles } from '../../history/metric-files.ts';
import { Reconciler } from '../../resync/reconciler.ts';
import { LOOPBACK_HTTP, TEST_TOKEN } from '../api-bench.ts';
import { Engine } from '../engine.ts';
import { MemoryControlPlane } from '../memory-control-plane.ts';
import { SeededRandom } from '../seeded-random.ts';
import { SimulatedMirror } from './simulated-mirror.ts';
import { SimulatedTransactions } from './simulated-transactions.ts';

/** A link goes, or comes back, so often. */
const LINK_CHANGES_MS = 1500;

export interface LoadOptions {
  readonly mirrors: number;
  readonly transactionsPerSecond: number;
}

/**
 * The control plane of a busy appliance as it is, from the publisher to the pages; what it tells of, mirrors and
 * transactions, is simulated.
 */
export class LoadStand {
  readonly token = TEST_TOKEN;
  readonly ring = new EventRing();
  readonly history: History;
  readonly transactions: SimulatedTransactions;
  url = '';
  readonly #random = new SeededRandom(1);
  readonly #engine: Engine;
  readonly #links: SimulatedMirror[] = [];
  readonly #mirrors: MirrorSet;
  readonly #undo: (() => Promise<void> | void)[] = [];

  private constructor(engine: Engine, history: History, { mirrors, transactionsPerSecond }: LoadOptions) {
    this.#engine = engine;
    this.history = history;
    const names = Array.from({ length: mirrors }, (_, k) => `web${k + 1}`);
    this.#mirrors = new MirrorSet({
      configurations: names.map(configurationOf),
      make: (config) => this.#mirror(config),
      locks: engine.locks,
    });
    const random = this.#random;
    this.transactions = new SimulatedTransactions({
      mirrors: names,
      perSecond: transactionsPerSecond,
      random,
    });
  }

  static async start(options: LoadOptions): Promise<LoadStand> {
    const engine = await Engine.start();
    const history = await History.open(join(engine.base, 'history'), silentLogger);
    const stand = new LoadStand(engine, history, options);
    await stand.#start();
    return stand;
  }

  async stop(): Promise<void> {
    for (const step of this.#undo.splice(0).reverse()) await step();
    await this.history.close();
    await this.#engine.stop();
  }

  async #start(): Promise<void> {
    const mirrors = this.#mirrors;
    const { history, ring, transactions: coordinator } = this;
    const metrics = new MetricSampler({
      mirrors,
      files: new MetricFiles(join(this.#engine.base, 'metrics'), silentLogger),
      kept: new Map(),
    });
    const mode = new Mode(mirrors);
    const space = new Map<string, Space>();
    const common = { coordinator, mirrors, mode, history, ring, space };
    const attention = new Attention({ ...common, jobs: NOT_LOADED.jobs });
    const publisher = new Publisher({ ...common, logger: silentLogger });
    const controlPlane = new Projection({ ...common, ...NOT_LOADED, metrics, attention });
    const server = new ApiServer({
      http: LOOPBACK_HTTP,
      webRoot: WEB_ROOT,
      token: this.token,
      statePath: this.#engine.base,
      log: new LogRing(),
      logger: silentLogger,
      controlPlane,
    });
    publisher.start();
    attention.start();
    metrics.start();
    mirrors.start();
    mode.enter('running', 'mounted');
    ({ url: this.url } = await server.start());
    coordinator.start();
    const links = setInterval(() => this.#changeLink(), LINK_CHANGES_MS);
    this.#undo.push(
      () => publisher.stop(),
      () => attention.stop(),
      () => metrics.stop(),
      () => mirrors.stop(),
      () => server.stop(),
      () => coordinator.stop(),
      () => clearInterval(links),
    );
  }

  /** One goes, and comes back at the next turn with something to be put right. */
  #changeLink(): void {
    const down = this.#mirrors.all.find(({ mirror }) => mirror.linkState === 'down');
    if (!down) return this.#random.pick(this.#links).lose();
    const paths = Array.from({ length: 100 }, (_, k) => treePath(`/missed-${k}`));
    down.mark(paths.map((path) => ({ kind: 'entry', path })));
    down.mirror.reconnectNow();
  }

  #mirror(config: MirrorConfiguration): SyncedMirror {
    const { local, journal } = this.#engine;
    const mirror = new SimulatedMirror(config, this.#random);
    this.#links.push(mirror);
    const stale = journal.staleSet(config.name);
    return new SyncedMirror({
      mirror,
      tree: local,
      lease: { lapse: undefined, linked: false, release: () => Promise.resolve() },
      stale,
      // The local tree stands in for the mirror's: every repair finds both alike.
      reconciler: new Reconciler({
        local,
        mirror: local,
        stale,
        withLock: (_affected, _cancellation, work) => work(),
        logger: silentLogger,
      }),
      timeoutMs: 1000,
      detachment: undefined,
      lastScrubs: undefined,
    });
  }
}

const WEB_ROOT = resolve('dist/web');

const { jobs, configuration, mirrorList } = new MemoryControlPlane();
/** What nobody asks for under load. */
const NOT_LOADED = {
  jobs,
  configuration,
  mirrorList,
  mount: () => ({ point: '/mnt/www', driver: 'kernel', driverReason: 'simulated', mounted: true }) as const,
  setDetachment: () => Promise.resolve(),
  setWritesOff: () => Promise.resolve(),
  version: '0.1.0',
};

function configurationOf(name: string): MirrorConfiguration {
  return {
    name,
    host: `${name}.example.net`,
    port: undefined,
    user: undefined,
    path: '/srv/www',
    identityFile: undefined,
    password: undefined,
    knownHosts: undefined,
    hostKey: undefined,
    required: true,
    owner: 'auto',
    bandwidthLimit: undefined,
    connections: 1,
  };
}
