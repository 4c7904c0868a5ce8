import type {
  AttentionItem,
  MirrorView,
  Overview,
  ParticipantView,
  TransactionView,
} from '../../../shared/api.ts';
import type { EnvelopeOf, EventEnvelope, EventName } from '../../../shared/events.ts';

/** The most transactions in flight, and the most ended ones, that the page keeps. */
export const LISTED_TRANSACTIONS = 100;

/** What the page knows: the server's overview, folded on by the events since. */
export interface Live {
  readonly overview: Overview;
  /** Transactions too fast to be sent one by one since the overview was fetched. */
  readonly unlisted: number;
}

type Fold<Name extends EventName> = (live: Live, envelope: EnvelopeOf<Name>) => Live;

const FOLDS: { readonly [Name in EventName]: Fold<Name> } = {
  'appliance.mode': (live, { data }) => patch(live, { mode: data.mode, reason: data.reason }),
  'mirror.state': (live, { data }) => patch(live, { mirrors: withMirror(live.overview.mirrors, data) }),
  'mirror.removed': (live, { data }) =>
    patch(live, { mirrors: live.overview.mirrors.filter(({ id }) => id !== data.id) }),
  'mirror.health': (live, { data }) =>
    patch(live, {
      mirrors: live.overview.mirrors.map((mirror) =>
        mirror.id === data.id ? { ...mirror, ...data } : mirror,
      ),
    }),
  'tx.started': (live, { data }) => patch(live, { inFlight: withStarted(live.overview.inFlight, data) }),
  'tx.progress': (live, { data }) =>
    patchInFlight(live, data.id, (transaction) => ({
      ...transaction,
      state: data.state,
      participants: [...data.participants],
    })),
  'tx.retry': (live, { data }) =>
    patchInFlight(live, data.id, (transaction) => ({
      ...transaction,
      participants: transaction.participants.map((part) =>
        part.mirror === data.mirror ? retrying(part, data) : part,
      ),
    })),
  'tx.ended': (live, { data }) => withEnded(live, data),
  'tx.dropped': (live, { data }) => ({ ...live, unlisted: live.unlisted + data.n }),
  counters: (live, { data }) => withCounters(live, data),
  'job.state': (live) => live,
  'job.progress': (live) => live,
  'attention.opened': (live, { data }) => withItem(live, data),
  'attention.changed': (live, { data }) => withItem(live, data),
  'attention.closed': (live, { data }) => withoutItem(live, data.id),
  'config.changed': (live) => live,
  'server.stopping': (live, { data }) => patch(live, { mode: 'stopping', reason: data.reason }),
};

/** What the page knows after one more event. The event must be the next in order. */
export function foldEvent(live: Live, envelope: EventEnvelope): Live {
  // An event of a newer server that this page doesn't know changes nothing here, but counts.
  const fold = FOLDS[envelope.event] as Fold<EventName> | undefined;
  const next = fold ? fold(live, envelope) : live;
  return { ...next, overview: { ...next.overview, seq: envelope.seq } };
}

function patch(live: Live, change: Partial<Overview>): Live {
  return { ...live, overview: { ...live.overview, ...change } };
}

function withMirror(mirrors: readonly MirrorView[], changed: MirrorView): MirrorView[] {
  const known = mirrors.some((mirror) => mirror.id === changed.id);
  if (!known) return [...mirrors, changed];
  return mirrors.map((mirror) => (mirror.id === changed.id ? changed : mirror));
}

/** The list has no order of its own. */
function withItem(live: Live, item: AttentionItem): Live {
  const others = live.overview.attention.filter(({ id }) => id !== item.id);
  return patch(live, { attention: [...others, item] });
}

function withoutItem(live: Live, id: string): Live {
  return patch(live, { attention: live.overview.attention.filter((item) => item.id !== id) });
}

function withStarted(inFlight: Overview['inFlight'], started: TransactionView): Overview['inFlight'] {
  if (inFlight.items.some((transaction) => transaction.id === started.id)) return inFlight;
  return { count: inFlight.count + 1, items: [started, ...inFlight.items].slice(0, LISTED_TRANSACTIONS) };
}

function patchInFlight(
  live: Live,
  id: string,
  change: (transaction: TransactionView) => TransactionView,
): Live {
  const { count, items } = live.overview.inFlight;
  const changed = items.map((transaction) => (transaction.id === id ? change(transaction) : transaction));
  return patch(live, { inFlight: { count, items: changed } });
}

function retrying(part: ParticipantView, data: EnvelopeOf<'tx.retry'>['data']): ParticipantView {
  const { attempt, attempts, nextRetryAt, error } = data;
  return { ...part, state: 'retrying', attempt, attempts, nextRetryAt, error };
}

function withEnded(live: Live, ended: TransactionView): Live {
  const { count, items } = live.overview.inFlight;
  const running = items.filter((transaction) => transaction.id !== ended.id);
  const others = live.overview.recent.filter((transaction) => transaction.id !== ended.id);
  return patch(live, {
    inFlight: {
      // The start of a short one is not told, so its end must not be taken off those that are listed.
      count: Math.max(running.length, count - 1),
      items: running,
    },
    recent: [ended, ...others].slice(0, LISTED_TRANSACTIONS),
  });
}

function withCounters(live: Live, data: EnvelopeOf<'counters'>['data']): Live {
  const { inFlight: count, ...counters } = data;
  // Nothing in flight: whatever is still listed had its end sampled away.
  const items = count === 0 ? [] : live.overview.inFlight.items;
  const { counters: before, outcomes24h } = live.overview;
  const since = (name: 'committed' | 'rolledBack') => outcomes24h[name] + counters[name] - before[name];
  const outcomes = { committed: since('committed'), rolledBack: since('rolledBack') };
  return patch(live, { counters, outcomes24h: outcomes, inFlight: { count, items } });
}
