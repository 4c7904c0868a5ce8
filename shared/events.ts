import { z } from 'zod';
import type {
  AttentionItem,
  Counters,
  MirrorView,
  ParticipantView,
  Reason,
  RoundTrip,
  TransactionView,
} from './api.ts';
import type { AuditEntry } from './audit.ts';
import type { JobView } from './jobs.ts';
import type { LogLevel, LogPage } from './log.ts';
import type { Subscription } from './requests.ts';
import type { ApplianceMode, TransactionState } from './states.ts';

/** Every live event and its one payload. */
export interface EventPayloads {
  readonly 'appliance.mode': { readonly mode: ApplianceMode; readonly reason: string };
  /** Link, content, detachment or reason changed. */
  readonly 'mirror.state': MirrorView;
  /** It is configured no more. */
  readonly 'mirror.removed': { readonly id: string };
  /** Coalesced: at most one a second and mirror. */
  readonly 'mirror.health': {
    readonly id: string;
    readonly rttMs: RoundTrip | null;
    readonly freeBytes: number | null;
    readonly stalePaths: number;
    readonly lastOkAt: string | null;
  };
  readonly 'tx.started': TransactionView;
  /** At most four a second and transaction. */
  readonly 'tx.progress': {
    readonly id: string;
    readonly state: TransactionState;
    readonly participants: readonly ParticipantView[];
  };
  readonly 'tx.retry': {
    readonly id: string;
    readonly mirror: string;
    /** The attempt that failed. */
    readonly attempt: number;
    readonly attempts: number;
    readonly nextRetryAt: string;
    readonly error: Reason;
  };
  readonly 'tx.ended': TransactionView;
  /** So many transactions were left out of the events; the counters stay exact. */
  readonly 'tx.dropped': { readonly n: number };
  /** At most one a second. */
  readonly counters: Counters & { readonly inFlight: number };
  /** It began, is paused, goes on, or is over. */
  readonly 'job.state': JobView;
  /** At most one a second and job. */
  readonly 'job.progress': JobView;
  /** Something needs a person that didn't before. */
  readonly 'attention.opened': AttentionItem;
  /** It does still, but is another in what it says. */
  readonly 'attention.changed': AttentionItem;
  readonly 'attention.closed': { readonly id: string };
  /** The configuration file was changed, to the text of this ETag. */
  readonly 'config.changed': { readonly etag: string };
  readonly 'server.stopping': { readonly reason: string };
}

export type EventName = keyof EventPayloads;

/** One event with its number; `seq` counts without gaps within one `bootId`. `at` is RFC 3339. */
export interface EnvelopeOf<Name extends EventName> {
  readonly seq: number;
  readonly at: string;
  readonly event: Name;
  readonly data: EventPayloads[Name];
}

/** Any envelope; `event` tells the payloads apart. */
export type EventEnvelope = { [Name in EventName]: EnvelopeOf<Name> }[EventName];

/** Where a reader of the events stands. */
export interface EventPosition {
  readonly seq: number;
  readonly bootId: string;
}

/** The answer of `GET /events`: continue from `seq`. With `reset`, something was missed: refetch the overview. */
export interface EventBatch extends EventPosition {
  readonly reset: boolean;
  readonly events: readonly EventEnvelope[];
}

/** The same for the OpenAPI document; what each event carries is said by `EventPayloads`. */
export const eventBatchSchema = z
  .object({
    seq: z.number().int(),
    bootId: z.string(),
    reset: z.boolean(),
    events: z.array(
      z.object({
        seq: z.number().int(),
        at: z.iso.datetime(),
        event: z.string(),
        data: z.looseObject({}),
      }),
    ),
  })
  .meta({ id: 'EventBatch' });

/**
 * What only those hear who ask for it in `subscribe` and may read it. It has numbers of its own, as `GET /log` and `GET /audit` tell
 * it, and is not among the events: whoever follows those isn't to be flooded, and may not be allowed to read it.
 */
export interface RecordPayloads {
  /** At most 100, four times a second. */
  readonly 'log.lines': LogPage & { readonly level: LogLevel };
  readonly 'audit.entry': AuditEntry;
}

type RecordListeners = {
  readonly [Name in keyof RecordPayloads]: (payload: RecordPayloads[Name]) => void;
};

/** socket.io, from the server. `events` come in order; `reset` means: refetch, then go on from there. */
export interface ServerToClientEvents extends RecordListeners {
  readonly events: (envelopes: readonly EventEnvelope[]) => void;
  readonly reset: (position: EventPosition) => void;
}

/** How the server answers `subscribe`. */
export type SubscribeAnswer = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** socket.io, from the page. */
export interface ClientToServerEvents {
  readonly subscribe: (request: Subscription, answer?: (answer: SubscribeAnswer) => void) => void;
  readonly unsubscribe: () => void;
}
