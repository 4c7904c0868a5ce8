import type {
  AttentionItem,
  MirrorChange,
  MirrorTrial,
  MirrorView,
  ModeChange,
  Overview,
  Readiness,
  TransactionDetail,
  TransactionList,
} from '../../shared/api.ts';
import type { MetricRange, MirrorMetrics } from '../../shared/mirror-metrics.ts';
import type { JobItems, JobRequest, JobView } from '../../shared/jobs.ts';
import type {
  ConfigurationVerdict,
  ConfigurationVersion,
  ConfigurationView,
} from '../../shared/configuration.ts';
import type { EventEnvelope, EventPosition } from '../../shared/events.ts';
import type {
  ChangedMirror,
  NewMirror,
  TransactionsQuery,
  TriedMirror,
  WantedMode,
} from '../../shared/requests.ts';

/** Resyncs and scrubs. */
export interface JobControl {
  /** Throws RESOURCE_NOT_FOUND for an unknown mirror, BUSY where another job is at it. */
  start(request: JobRequest): JobView;
  /** Newest first. */
  list(): readonly JobView[];
  find(id: string): JobView | undefined;
  /** What it found so far; undefined for an unknown job. */
  items(id: string): JobItems | undefined;
  /** Throws RESOURCE_NOT_FOUND, or ALREADY_DECIDED when it is over. */
  change(id: string, change: 'pause' | 'resume' | 'cancel'): JobView;
}

/** The list of mirrors, changed while everything goes on, in the configuration file too. A refusal has changed nothing. */
export interface MirrorListControl {
  /**
   * No transaction counts on it before it has all content. Rejects with NAME_TAKEN, CONFIG_INVALID, CONFIG_NOT_WRITTEN,
   * or with why the mirror can't be used.
   */
  add(settings: NewMirror): Promise<void>;
  /** What is in the way of adding it, or nothing; nothing is changed. Rejects with what `add` finds in the settings alone. */
  test(settings: TriedMirror): Promise<MirrorTrial>;
  /** Rejects like `add`, and with RESOURCE_NOT_FOUND. Where it leads elsewhere now, it is a new mirror. */
  change(id: string, settings: ChangedMirror): Promise<void>;
  /** Its files stay where they are. Rejects with RESOURCE_NOT_FOUND, CONFIG_INVALID or CONFIG_NOT_WRITTEN. */
  remove(id: string): Promise<void>;
}

/** The configuration file as a whole. Rejects with CONFIG_NOT_WRITTEN where there is none. */
export interface ConfigurationControl {
  read(): Promise<ConfigurationView>;
  validate(text: string): Promise<ConfigurationVerdict>;
  /**
   * Stores the text as it is, and has the list of mirrors as it says. Rejects with nothing changed: CONFIG_CHANGED where the
   * file isn't that of the etag, CONFIG_INVALID, CONFIG_NOT_WRITTEN, or with why a mirror can't be used.
   */
  replace(text: string, etag: string): Promise<ConfigurationView>;
  /** Newest first. */
  versions(): Promise<readonly ConfigurationVersion[]>;
  version(id: string): Promise<string | undefined>;
}

/**
 * What the api serves: the appliance as an operator sees it. A view is a snapshot. Reading never waits, but
 * for the files of the history.
 * An unknown mirror or transaction throws AppError RESOURCE_NOT_FOUND.
 */
export interface ControlPlane {
  readonly mirrorList: MirrorListControl;
  readonly jobs: JobControl;
  readonly configuration: ConfigurationControl;
  overview(): Overview;
  /** The same list as in the overview. */
  attention(): readonly AttentionItem[];
  mirrors(): readonly MirrorView[];
  mirror(id: string): MirrorView | undefined;
  /** Oldest first. */
  metrics(mirror: string, range: MetricRange): MirrorMetrics | undefined;
  /** Newest first. A cursor that isn't one of its own rejects with REQUEST_INVALID. */
  transactions(query: TransactionsQuery): Promise<TransactionList>;
  transaction(id: string): Promise<TransactionDetail | undefined>;
  /** Ends the waiting between attempts now. Rejects with ALREADY_DECIDED when there is nothing left to try. */
  retryTransaction(id: string): Promise<void>;
  /** Undoes it; the caller gets ECANCELED. Rejects with ALREADY_DECIDED from the commit on. */
  cancelTransaction(id: string, reason: string | undefined): Promise<void>;
  /** Resolves, as `attachMirror` does, when it outlives a crash. */
  detachMirror(id: string, reason: string | undefined): Promise<MirrorChange>;
  attachMirror(id: string): Promise<MirrorChange>;
  /** Reconnects now instead of at the next turn; `changed` is false where the link is up already. */
  retryMirror(id: string): MirrorChange;
  /** Switches writing off or on; resolves when that outlives a restart. What is under way still ends as it would. */
  setMode(mode: WantedMode, reason: string | undefined): Promise<ModeChange>;
  ready(): Readiness;
  /** The number of the last event, and this run's id: cheap, asked for every reader. */
  position(): EventPosition;
  /** What came after `seq` in order, or 'reset': the ring no longer holds it, `seq` never was, or another `bootId`. */
  eventsSince(seq: number, bootId: string): readonly EventEnvelope[] | 'reset';
  /** The listener must not throw or block; the answer unsubscribes. */
  onEvent(listener: (envelope: EventEnvelope) => void): () => void;
}
