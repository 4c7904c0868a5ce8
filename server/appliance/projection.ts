import type {
  AttentionItem,
  MirrorChange,
  MirrorView,
  ModeChange,
  Overview,
  Readiness,
  TransactionDetail,
  TransactionList,
} from '../../shared/api.ts';
import type { MetricRange, MirrorMetrics } from '../../shared/mirror-metrics.ts';
import type { EventEnvelope, EventPosition } from '../../shared/events.ts';
import type { TransactionsQuery, WantedMode } from '../../shared/requests.ts';
import { AppError } from '../base/errors.ts';
import type { Space } from '../filesystem/file-tree.ts';
import type { TransactionsUnderWay } from '../transaction/coordinator.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { Attention } from './attention.ts';
import type { ConfigurationControl, ControlPlane, JobControl, MirrorListControl } from './control-plane.ts';
import type { EventRing } from './event-ring.ts';
import type { History } from './history.ts';
import type { MetricSampler } from './metric-sampler.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { Mode } from './mode.ts';
import type { SyncedMirror } from './synced-mirror.ts';
import { mirrorView, transactionDetail, transactionView } from './views.ts';
import { endWaitsFor } from './waits.ts';

const SHOWN_IN_FLIGHT = 100;

export interface ProjectionOptions {
  readonly mode: Mode;
  readonly mirrors: MirrorSet;
  readonly coordinator: TransactionsUnderWay;
  readonly history: History;
  readonly metrics: MetricSampler;
  readonly ring: EventRing;
  readonly jobs: JobControl;
  readonly configuration: ConfigurationControl;
  readonly mirrorList: MirrorListControl;
  readonly space: ReadonlyMap<string, Space>;
  readonly attention: Attention;
  readonly mount: () => Overview['mount'];
  /** Resolves when it outlives a crash. */
  readonly setDetachment: (mirror: string, reason: string | undefined) => Promise<void>;
  readonly setWritesOff: (reason: string | undefined) => Promise<void>;
  readonly version: string;
}

/** The appliance as an operator sees it, and the few things that an operator can do to it. */
export class Projection implements ControlPlane {
  readonly #options: ProjectionOptions;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  get mirrorList(): MirrorListControl {
    return this.#options.mirrorList;
  }

  get configuration(): ConfigurationControl {
    return this.#options.configuration;
  }

  get jobs(): JobControl {
    return this.#options.jobs;
  }

  overview(): Overview {
    const { mode, coordinator, history, mount, version } = this.#options;
    const inFlight = coordinator.inFlight();
    return {
      ...mode.state,
      mount: mount(),
      mirrors: this.mirrors(),
      inFlight: {
        count: inFlight.length,
        items: inFlight.slice(-SHOWN_IN_FLIGHT).reverse().map(transactionView),
      },
      recent: history.recent(),
      counters: history.counters,
      outcomes24h: history.outcomes24h(),
      attention: this.attention(),
      version,
      ...this.position(),
    };
  }

  attention(): AttentionItem[] {
    return [...this.#options.attention.items];
  }

  mirrors(): MirrorView[] {
    return this.#options.mirrors.all.map((synced) => this.#view(synced));
  }

  mirror(id: string): MirrorView | undefined {
    const synced = this.#options.mirrors.find(id);
    return synced && this.#view(synced);
  }

  metrics(mirror: string, range: MetricRange): MirrorMetrics | undefined {
    return this.#options.metrics.metrics(mirror, range);
  }

  async transactions(query: TransactionsQuery): Promise<TransactionList> {
    return this.#options.history.list(query, this.#options.coordinator.inFlight());
  }

  async transaction(id: string): Promise<TransactionDetail | undefined> {
    const running = this.#options.coordinator.find(id);
    if (running) return transactionDetail(running.snapshot(), running.timeline);
    return this.#options.history.find(id);
  }

  async retryTransaction(id: string): Promise<void> {
    const transaction = await this.#running(id);
    if (!transaction.retryNow())
      throw new AppError('ALREADY_DECIDED', 'nothing is waiting for another attempt');
  }

  async cancelTransaction(id: string, reason: string | undefined): Promise<void> {
    const transaction = await this.#running(id);
    const error = new AppError('CANCELLED', reason ? `cancelled by the operator: ${reason}` : undefined);
    if (!transaction.cancel(error)) throw new AppError('ALREADY_DECIDED');
  }

  async detachMirror(id: string, reason: string | undefined): Promise<MirrorChange> {
    const synced = this.#options.mirrors.get(id);
    const why = reason ?? 'by the operator';
    const changed = synced.detach(why);
    if (changed) {
      endWaitsFor(this.#options.coordinator, id);
      await this.#options.setDetachment(id, why);
    }
    return { changed, mirror: this.#view(synced) };
  }

  async attachMirror(id: string): Promise<MirrorChange> {
    const synced = this.#options.mirrors.get(id);
    const changed = synced.attach();
    if (changed) await this.#options.setDetachment(id, undefined);
    return { changed, mirror: this.#view(synced) };
  }

  retryMirror(id: string): MirrorChange {
    const synced = this.#options.mirrors.get(id);
    const changed = synced.mirror.link.state === 'down';
    if (changed) synced.mirror.reconnectNow();
    else synced.reconciler.start();
    return { changed, mirror: this.#view(synced) };
  }

  async setMode(wanted: WantedMode, reason: string | undefined): Promise<ModeChange> {
    const { mode, setWritesOff } = this.#options;
    const why = wanted === 'readOnly' ? (reason ?? 'by the operator') : undefined;
    const changed = mode.setWritesOff(why);
    if (changed) await setWritesOff(why);
    return { changed, ...mode.state };
  }

  ready(): Readiness {
    const { mode, reason } = this.#options.mode.state;
    const { mounted, point } = this.#options.mount();
    const recovered = mode !== 'starting' && mode !== 'recovering';
    const checks = [
      { name: 'mounted', ok: mounted, detail: point },
      { name: 'recovered', ok: recovered, detail: mode },
      { name: 'writable', ok: mode === 'read-write', detail: reason },
    ];
    return { ready: checks.every(({ ok }) => ok), checks };
  }

  position(): EventPosition {
    return this.#options.ring.position();
  }

  eventsSince(seq: number, bootId: string): readonly EventEnvelope[] | 'reset' {
    return this.#options.ring.since(seq, bootId);
  }

  onEvent(listener: (envelope: EventEnvelope) => void): () => void {
    return this.#options.ring.on(listener);
  }

  #view(synced: SyncedMirror): MirrorView {
    return mirrorView(synced, this.#options.space.get(synced.name));
  }

  async #running(id: string): Promise<Transaction> {
    const transaction = this.#options.coordinator.find(id);
    if (transaction) return transaction;
    if (await this.#options.history.find(id)) throw new AppError('ALREADY_DECIDED');
    throw new AppError('RESOURCE_NOT_FOUND', 'there is no such transaction');
  }
}
