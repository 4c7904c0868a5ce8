import type {
  Counters,
  Outcome,
  TransactionDetail,
  TransactionList,
  TransactionView,
} from '../../shared/api.ts';
import type { TransactionsQuery } from '../../shared/requests.ts';
import { matchesFilter } from '../../shared/transaction-filter.ts';
import type { Logger } from '../base/logger.ts';
import type { EndedTransaction } from '../history/history-line.ts';
import { HistoryStore } from '../history/history-store.ts';
import { OutcomeFile } from '../history/outcome-file.ts';
import type { Transaction, TransactionSnapshot } from '../transaction/transaction.ts';
import { cursorOf, positionOf } from './transaction-cursor.ts';
import { timeOf, transactionDetail, transactionView } from './views.ts';

const KEPT_RECENT = 50;

/** The transactions that ended: exact counters since the start, the last ones at hand, all others in files. */
export class History {
  readonly #store: HistoryStore;
  readonly #outcomes: OutcomeFile;
  /** Oldest first. */
  #recent: (() => TransactionView)[] = [];
  #counters = { committed: 0, rolledBack: 0, retries: 0 };

  private constructor(store: HistoryStore, outcomes: OutcomeFile) {
    this.#store = store;
    this.#outcomes = outcomes;
  }

  /** Never rejects: without its files it begins anew. */
  static async open(directory: string, logger: Logger): Promise<History> {
    const store = new HistoryStore(directory, logger);
    await store.load();
    const outcomes = new OutcomeFile(directory, store, logger);
    await outcomes.load();
    const history = new History(store, outcomes);
    const { items } = await store.page({ filter: {}, limit: KEPT_RECENT });
    history.#recent = items.map((ended) => () => viewOf(ended)).reverse();
    return history;
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#outcomes.close();
  }

  /** Takes microseconds: its caller is waited for. */
  add(transaction: Transaction): void {
    const snapshot = transaction.snapshot();
    // Not the transaction itself, which has the data that was written.
    const { timeline } = transaction;
    const { endedAtMs = Date.now() } = snapshot;
    const outcome: Outcome = snapshot.state === 'committed' ? 'committed' : 'rolled-back';
    this.#counters[outcome === 'committed' ? 'committed' : 'rolledBack'] += 1;
    this.#outcomes.add(outcome, endedAtMs);
    this.#store.add(outcome, () => ({
      ...transactionDetail(snapshot, timeline),
      outcome,
      endedAt: timeOf(endedAtMs),
    }));
    this.#recent.push(() => transactionView(snapshot));
    if (this.#recent.length > 2 * KEPT_RECENT) this.#recent = this.#recent.slice(-KEPT_RECENT);
  }

  countRetry(): void {
    this.#counters.retries += 1;
  }

  get counters(): Counters {
    return { ...this.#counters, missingInHistory: this.#store.dropped };
  }

  outcomes24h(): { committed: number; rolledBack: number } {
    return this.#outcomes.total();
  }

  find(id: string): Promise<TransactionDetail | undefined> {
    return this.#store.find(id);
  }

  /** Newest first. */
  recent(): TransactionView[] {
    return this.#recent
      .slice(-KEPT_RECENT)
      .reverse()
      .map((view) => view());
  }

  /** Those in flight before those that are over. One that ends between two pages may be on both. */
  async list(query: TransactionsQuery, inFlight: readonly TransactionSnapshot[]): Promise<TransactionList> {
    const { limit, state } = query;
    const position = query.cursor === undefined ? undefined : positionOf(query.cursor);
    const running =
      state === 'ended' || position?.kind === 'ended'
        ? []
        : runningBefore(inFlight, position?.before).filter((each) =>
            matchesFilter(transactionView(each), query),
          );
    const items = running.slice(0, limit).map(transactionView);
    const last = running[limit - 1];
    if (last && running.length > limit)
      return { items, nextCursor: cursorOf({ kind: 'inFlight', before: startOrder(last) }) };
    if (state === 'inFlight') return { items, nextCursor: null };
    if (items.length === limit) return { items, nextCursor: cursorOf({ kind: 'ended' }) };
    const beforeSeq = position?.kind === 'ended' ? position.before : undefined;
    const page = await this.#store.page({ filter: query, limit: limit - items.length, beforeSeq });
    return {
      items: [...items, ...page.items.map(viewOf)],
      nextCursor: page.nextSeq === undefined ? null : cursorOf({ kind: 'ended', before: page.nextSeq }),
    };
  }
}

/** Newest first. */
function runningBefore(
  inFlight: readonly TransactionSnapshot[],
  before = Number.POSITIVE_INFINITY,
): TransactionSnapshot[] {
  return inFlight
    .filter((each) => startOrder(each) < before)
    .sort((one, other) => startOrder(other) - startOrder(one));
}

/** Ids count upwards within one run. */
function startOrder({ id }: TransactionSnapshot): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}

function viewOf({ timeline: _, timelineLeftOut: __, ...view }: EndedTransaction): TransactionView {
  return view;
}
