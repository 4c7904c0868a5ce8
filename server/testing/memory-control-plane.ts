import { AppError } from '../base/errors.ts';
import { TypedEmitter } from '../base/emitter.ts';
import { ConfigurationCommands } from '../appliance/configuration-commands.ts';
import type { ConfigurationControl, ControlPlane, MirrorListControl } from '../appliance/control-plane.ts';
import type {
  AttentionItem,
  MirrorChange,
  MirrorView,
  ModeChange,
  Overview,
  Readiness,
  TransactionDetail,
  TransactionList,
  TransactionView,
} from '../../shared/api.ts';
import {
  METRIC_STEPS,
  type MetricPoint,
  type MetricRange,
  type MirrorMetrics,
} from '../../shared/mirror-metrics.ts';
import type { EventEnvelope, EventName, EventPayloads, EventPosition } from '../../shared/events.ts';
import type { TransactionsQuery, WantedMode } from '../../shared/requests.ts';
import { matchesFilter } from '../../shared/transaction-filter.ts';
import { ConfigurationVersions } from '../config/configuration-versions.ts';
import { MemoryJobs } from './memory-jobs.ts';

const SINCE = '2024-05-01T10:00:00.000Z';

/** A control plane without an appliance: what is put into it is what it shows, by the rules of the port. */
export class MemoryControlPlane implements ControlPlane {
  readonly mirrorViews = new Map<string, MirrorView>();
  readonly transactionViews = new Map<string, TransactionView>();
  readonly attentionItems: AttentionItem[] = [];
  readonly jobs = new MemoryJobs();
  readonly mirrorList: MirrorListControl = {
    add: async ({ id, host, path }) => {
      if (this.mirrorViews.has(id)) throw new AppError('NAME_TAKEN');
      this.addMirror({ id, host, path });
    },
    test: async ({ id, path }) => {
      if (this.mirrorViews.has(id)) throw new AppError('NAME_TAKEN');
      return {
        failure: null,
        hostKey: null,
        freeBytes: path === undefined ? null : 1,
        rttMs: null,
        lacks: [],
      };
    },
    change: async (id, { path }) => {
      if (!this.mirrorViews.has(id)) throw new AppError('RESOURCE_NOT_FOUND');
      this.addMirror({ id, ...(path !== undefined && { path }) });
    },
    remove: async (id) => {
      if (!this.mirrorViews.delete(id)) throw new AppError('RESOURCE_NOT_FOUND');
    },
  };
  readonly bootId: string;
  /** An answer has no more of them, whatever was asked for. */
  transactionsPerAnswer = Number.POSITIVE_INFINITY;
  mode: 'read-write' | 'read-only' = 'read-write';
  readiness: Readiness = { ready: true, checks: [{ name: 'mounted', ok: true, detail: '/mnt/www' }] };
  readonly #ringSize: number;
  readonly #ring: EventEnvelope[] = [];
  readonly #emitter = new TypedEmitter<{ event: EventEnvelope }>();
  #seq = 0;

  /** Without one, that of an appliance that has no configuration file. */
  readonly configuration: ConfigurationControl;

  constructor(options: { bootId?: string; ringSize?: number; configuration?: ConfigurationControl } = {}) {
    this.configuration = options.configuration ?? withoutConfigurationFile();
    this.bootId = options.bootId ?? 'boot-1';
    this.#ringSize = options.ringSize ?? 1000;
  }

  addMirror(view: Partial<MirrorView> & { id: string }): MirrorView {
    const mirror: MirrorView = { ...MIRROR, ...view };
    this.mirrorViews.set(mirror.id, mirror);
    return mirror;
  }

  addTransaction(view: Partial<TransactionView> & { id: string }): TransactionView {
    const transaction: TransactionView = { ...TRANSACTION, ...view };
    this.transactionViews.set(transaction.id, transaction);
    return transaction;
  }

  publish<Name extends EventName>(event: Name, data: EventPayloads[Name]): void {
    this.#seq += 1;
    const envelope = { seq: this.#seq, at: new Date().toISOString(), event, data } as EventEnvelope;
    this.#ring.push(envelope);
    if (this.#ring.length > this.#ringSize) this.#ring.shift();
    this.#emitter.emit('event', envelope);
  }

  async setMode(wanted: WantedMode, reason: string | undefined): Promise<ModeChange> {
    const mode = wanted === 'readOnly' ? 'read-only' : 'read-write';
    const changed = mode !== this.mode;
    this.mode = mode;
    return { changed, mode, reason: reason ?? 'by the operator' };
  }

  overview(): Overview {
    const all = this.#newestFirst();
    const inFlight = all.filter((each) => each.outcome === undefined);
    return {
      mode: this.mode,
      reason: 'every required mirror is up',
      mount: {
        point: '/mnt/www',
        driver: 'kernel',
        driverReason: 'run by root, who may mount',
        mounted: true,
      },
      mirrors: this.mirrors(),
      inFlight: { count: inFlight.length, items: inFlight },
      recent: all.filter((each) => each.outcome !== undefined),
      counters: { committed: 3, rolledBack: 1, retries: 2, missingInHistory: 0 },
      outcomes24h: { committed: 30, rolledBack: 2 },
      attention: this.attention(),
      version: '0.1.0',
      ...this.position(),
    };
  }

  attention(): AttentionItem[] {
    return [...this.attentionItems];
  }

  mirrors(): MirrorView[] {
    return [...this.mirrorViews.values()];
  }

  mirror(id: string): MirrorView | undefined {
    return this.mirrorViews.get(id);
  }

  metrics(mirror: string, range: MetricRange): MirrorMetrics | undefined {
    if (!this.mirrorViews.has(mirror)) return undefined;
    return { mirror, range, stepSeconds: METRIC_STEPS[range].stepSeconds, points: [METRIC_POINT] };
  }

  async transactions(query: TransactionsQuery): Promise<TransactionList> {
    const matching = this.#newestFirst().filter(
      (each) => isOf(query.state, each) && matchesFilter(each, query),
    );
    const start = query.cursor === undefined ? 0 : matching.findIndex(({ id }) => id === query.cursor) + 1;
    if (query.cursor !== undefined && start === 0) throw new AppError('REQUEST_INVALID', 'this is no cursor');
    const limit = Math.min(query.limit, this.transactionsPerAnswer);
    const items = matching.slice(start, start + limit);
    const more = start + limit < matching.length;
    return { items, nextCursor: more ? (items.at(-1)?.id ?? null) : null };
  }

  async transaction(id: string): Promise<TransactionDetail | undefined> {
    const view = this.transactionViews.get(id);
    return view && { ...view, timeline: TIMELINE, timelineLeftOut: 0 };
  }

  async retryTransaction(id: string): Promise<void> {
    this.#undecided(id);
  }

  async cancelTransaction(id: string, reason: string | undefined): Promise<void> {
    const error = { code: 'CANCELLED', message: reason ?? '', errno: 'ECANCELED' } as const;
    this.addTransaction({ ...this.#undecided(id), state: 'rolled-back', outcome: 'rolled-back', error });
  }

  async detachMirror(id: string, reason: string | undefined): Promise<MirrorChange> {
    const message = reason ?? 'detached';
    return this.#changeMirror(id, {
      detached: true,
      link: 'disabled',
      reason: { code: 'MIRROR_DISABLED', message },
    });
  }

  async attachMirror(id: string): Promise<MirrorChange> {
    return this.#changeMirror(id, { detached: false, link: 'connecting' });
  }

  retryMirror(id: string): MirrorChange {
    return this.#changeMirror(id, {});
  }

  ready(): Readiness {
    return this.readiness;
  }

  position(): EventPosition {
    return { seq: this.#seq, bootId: this.bootId };
  }

  eventsSince(seq: number, bootId: string): readonly EventEnvelope[] | 'reset' {
    const oldest = this.#ring[0]?.seq ?? this.#seq + 1;
    if (bootId !== this.bootId || seq > this.#seq || seq < oldest - 1) return 'reset';
    return this.#ring.slice(seq - oldest + 1);
  }

  onEvent(listener: (envelope: EventEnvelope) => void): () => void {
    return this.#emitter.on('event', listener);
  }

  #newestFirst(): TransactionView[] {
    return [...this.transactionViews.values()].reverse();
  }

  #undecided(id: string): TransactionView {
    const transaction = this.transactionViews.get(id);
    if (!transaction) throw new AppError('RESOURCE_NOT_FOUND', 'There is no such transaction');
    if (transaction.outcome !== undefined) throw new AppError('ALREADY_DECIDED');
    return transaction;
  }

  #changeMirror(id: string, change: Partial<MirrorView>): MirrorChange {
    const before = this.mirrorViews.get(id);
    if (!before) throw new AppError('RESOURCE_NOT_FOUND', 'There is no such mirror');
    const changed = change.detached !== undefined && change.detached !== before.detached;
    const mirror = changed ? this.addMirror({ ...before, ...change }) : before;
    if (changed) this.publish('mirror.state', mirror);
    return { changed, mirror };
  }
}

function withoutConfigurationFile(): ConfigurationControl {
  const versions = new ConfigurationVersions('/nonexistent/configurations');
  return new ConfigurationCommands({
    file: undefined,
    versions,
    rewrite: () => Promise.reject(new AppError('BUG')),
  });
}

function isOf(state: TransactionsQuery['state'], view: TransactionView): boolean {
  return state === undefined || (state === 'inFlight') === (view.outcome === undefined);
}

const MIRROR: MirrorView = {
  id: 'web1',
  host: '10.0.0.11',
  port: 22,
  path: '/srv/www',
  required: true,
  detached: false,
  joining: false,
  link: 'up',
  content: 'in-sync',
  linkSince: SINCE,
  contentSince: SINCE,
  stalePaths: 0,
  rttMs: { p50: 1.2, p95: 3.4 },
  freeBytes: 5_000_000_000,
  capabilities: null,
  lastOkAt: SINCE,
  lastScrubAt: null,
};

const METRIC_POINT: MetricPoint = {
  at: SINCE,
  rttMs: { p50: 1.2, p95: 3.4 },
  sentBytes: 4096,
  state: 'in-sync',
  inSyncShare: 1,
};

const TIMELINE: TransactionDetail['timeline'] = [
  { afterMs: 0, mirror: null, state: 'applying', attempt: 0 },
  {
    afterMs: 1,
    mirror: 'web1',
    state: 'retrying',
    attempt: 1,
    error: { code: 'MIRROR_TIMEOUT', message: 'slow' },
  },
];

const TRANSACTION: TransactionView = {
  id: 'tx-1',
  operation: 'write',
  path: '/index.html',
  sizeBytes: 4096,
  state: 'applying',
  startedAt: SINCE,
  participants: [{ mirror: 'web1', state: 'retrying', attempt: 1, attempts: 2 }],
};
