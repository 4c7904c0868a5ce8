import type { Counters, TransactionDetail, TransactionList, TransactionView } from '../../shared/api.ts';
import type { TransactionsQuery } from '../../shared/requests.ts';
import { AppError } from '../base/errors.ts';
import { OutcomeCounts } from '../history/outcome-counts.ts';
import type { Timeline, TransactionSnapshot } from '../transaction/transaction.ts';
import { transactionDetail, transactionView } from './views.ts';

const KEPT_COMMITTED = 1000;
const KEPT_ROLLED_BACK = 1000;
const DEFAULT_LIMIT = 50;

type Ended = TransactionSnapshot & { readonly timeline: Timeline };

/** The transactions that ended since the start: exact counters, and the last ones. Failures outlive the flood of successes. */
export class History {
  #committed: Ended[] = [];
  #rolledBack: Ended[] = [];
  readonly #outcomes = new OutcomeCounts();
  #counters = { committed: 0, rolledBack: 0, retries: 0 };

  add(snapshot: TransactionSnapshot, timeline: Timeline): void {
    const ended = { ...snapshot, timeline };
    if (snapshot.state === 'committed') {
      this.#counters.committed += 1;
      this.#committed = keep(this.#committed, ended, KEPT_COMMITTED);
      this.#outcomes.add('committed', Date.now());
    } else {
      this.#counters.rolledBack += 1;
      this.#rolledBack = keep(this.#rolledBack, ended, KEPT_ROLLED_BACK);
      this.#outcomes.add('rolled-back', Date.now());
    }
  }

  countRetry(): void {
    this.#counters.retries += 1;
  }

  get counters(): Counters {
    return { ...this.#counters };
  }

  outcomes24h(): { committed: number; rolledBack: number } {
    return this.#outcomes.total(Date.now());
  }

  async find(id: string): Promise<TransactionDetail | undefined> {
    const found = [...this.#rolledBack, ...this.#committed].find((snapshot) => snapshot.id === id);
    return found && transactionDetail(found, found.timeline);
  }

  /** Newest first. */
  recent(limit: number): TransactionView[] {
    return this.#newestFirst().slice(0, limit).map(transactionView);
  }

  #newestFirst(): TransactionSnapshot[] {
    const all = [...this.#committed, ...this.#rolledBack];
    return all.sort((a, b) => startOrder(b) - startOrder(a));
  }

  list(query: TransactionsQuery, inFlight: readonly TransactionSnapshot[]): TransactionList {
    const ended = query.state === 'inFlight' ? [] : this.#newestFirst();
    const running =
      query.state === 'ended' ? [] : [...inFlight].sort((a, b) => startOrder(b) - startOrder(a));
    const all = [...running, ...ended].filter((snapshot) => matches(snapshot, query));
    const limit = query.limit ?? DEFAULT_LIMIT;
    const from = query.cursor === undefined ? 0 : positionOf(all, query.cursor);
    const page = all.slice(from, from + limit);
    const last = page.at(-1);
    return {
      items: page.map(transactionView),
      nextCursor: last && from + limit < all.length ? last.id : null,
    };
  }
}

function keep(list: Ended[], added: Ended, most: number): Ended[] {
  list.push(added);
  return list.length > 2 * most ? list.slice(-most) : list;
}

/** Ids count upwards within one run. */
function startOrder(snapshot: TransactionSnapshot): number {
  return Number(snapshot.id.slice(snapshot.id.indexOf('-') + 1));
}

function positionOf(all: readonly TransactionSnapshot[], cursor: string): number {
  const position = all.findIndex((snapshot) => snapshot.id === cursor);
  if (position < 0) throw new AppError('REQUEST_INVALID', 'the cursor is not one of this list, or too old');
  return position + 1;
}

function matches(snapshot: TransactionSnapshot, query: TransactionsQuery): boolean {
  if (query.outcome && snapshot.state !== query.outcome) return false;
  if (query.op && snapshot.operation !== query.op) return false;
  if (query.mirror && !snapshot.participants.some((part) => part.mirror === query.mirror)) return false;
  if (query.pathPrefix && !snapshot.path.startsWith(query.pathPrefix)) return false;
  return !query.since || snapshot.startedAtMs >= Date.parse(query.since);
}
