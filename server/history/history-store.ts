import { setImmediate as nextTurn } from 'node:timers/promises';
import { OUTCOMES, type Outcome } from '../../shared/api.ts';
import { matchesFilter, type TransactionFilter } from '../../shared/transaction-filter.ts';
import { startOfTransaction } from '../../shared/transaction-id.ts';
import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { EndedLog, type HistoryBounds } from './ended-log.ts';
import { type EndedTransaction, endedOf, lineOf, seqOf } from './history-line.ts';
import { type Lines, mergedLines } from './merged-lines.ts';
import { SegmentFiles } from './segment-files.ts';

export const HISTORY_BOUNDS: HistoryBounds = {
  rows: 1_000_000,
  ageMs: 90 * 24 * 3600_000,
  segmentRows: 1000,
  waitingRows: 10_000,
};

/** What ends within this time is written at once. */
const BATCH_MS = 250;
/** Rows that one answer may look at. */
const MOST_LOOKED_AT = 20_000;
/** Rows looked at before others have their turn. */
const ROWS_PER_TURN = 250;
/** How long rows are made lines before others have their turn: those of many mirrors are long. */
const TURN_MS = 5;

/** What is asked of the history. */
export interface HistoryQuery {
  readonly filter: TransactionFilter;
  readonly limit: number;
  /** Where to go on; without it at the newest. */
  readonly beforeSeq?: number | undefined;
  /** For tests. */
  readonly mostLookedAt?: number;
}

/** Part of the history, newest first. */
export interface HistoryPage {
  readonly items: readonly EndedTransaction[];
  /** Where there may be more; undefined at the end. */
  readonly nextSeq?: number;
  readonly lookedAt: number;
}

interface Waiting {
  readonly seq: number;
  readonly outcome: Outcome;
  readonly describe: () => EndedTransaction;
}

/**
 * The transactions that ended, in files. Failures have a list of their own, so that no flood of successes washes them away.
 * Nothing depends on it and nobody waits for it: what ended within the last moment before a crash is lost, and so is what
 * the disk is too slow for.
 */
export class HistoryStore {
  readonly #logs: Readonly<Record<Outcome, EndedLog>>;
  readonly #bounds: HistoryBounds;
  readonly #logger: Logger;
  #waiting: Waiting[] = [];
  #dropped = 0;
  #droppedTold = 0;
  #nextSeq = 1;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(directory: string, logger: Logger, bounds: HistoryBounds = HISTORY_BOUNDS) {
    const log = (name: string) => new EndedLog(new SegmentFiles(directory, name), bounds, logger);
    this.#logs = { committed: log('committed'), 'rolled-back': log('rolled-back') };
    this.#bounds = bounds;
    this.#logger = logger;
  }

  /** Never rejects: where the files can't be read, it begins anew. */
  async load(): Promise<void> {
    for (const outcome of OUTCOMES) {
      const log = this.#logs[outcome];
      await log.load().catch((thrown: unknown) => {
        this.#logger.warn('history-unreadable', { error: asAppError(thrown) });
      });
      this.#nextSeq = Math.max(this.#nextSeq, log.lastSeq + 1);
    }
  }

  /** Of what ended last. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** Transactions that are missing here, since the disk was too slow or took nothing. */
  get dropped(): number {
    return this.#dropped + this.#logs.committed.dropped + this.#logs['rolled-back'].dropped;
  }

  /** `describe` is called within a moment, off the path of whoever waits for the transaction. */
  add(outcome: Outcome, describe: () => EndedTransaction): void {
    const seq = this.#nextSeq++;
    if (this.#isClosed || this.#waiting.length >= this.#bounds.waitingRows) this.#dropped += 1;
    else this.#waiting.push({ seq, outcome, describe });
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#turn(), BATCH_MS);
  }

  /** Resolves when all is in the files, as far as the disk takes it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#describeAll();
    await this.#write();
  }

  async page({
    filter,
    limit,
    beforeSeq,
    mostLookedAt = MOST_LOOKED_AT,
  }: HistoryQuery): Promise<HistoryPage> {
    const needles = needlesOf(filter);
    const items: EndedTransaction[] = [];
    let lookedAt = 0;
    let nextSeq = 0;
    for await (const lines of this.#newestFirst(filter, beforeSeq)) {
      for (const line of lines) {
        if (items.length >= limit || lookedAt >= mostLookedAt) return { items, lookedAt, nextSeq };
        if (++lookedAt % ROWS_PER_TURN === 0) await nextTurn();
        nextSeq = seqOf(line);
        const ended = needles.every((needle) => line.includes(needle)) ? endedOf(line) : undefined;
        if (ended && matchesFilter(ended, filter)) items.push(ended);
      }
    }
    return { items, lookedAt };
  }

  /** What ended after `seq`, and not before `sinceMs`, newest first. */
  async *endedAfter(seq: number, sinceMs: number): AsyncGenerator<EndedTransaction> {
    for await (const lines of this.#newestFirst({ since: new Date(sinceMs).toISOString() })) {
      await nextTurn();
      for (const line of lines) {
        if (seqOf(line) <= seq) return;
        const ended = endedOf(line);
        if (ended && Date.parse(ended.endedAt) >= sinceMs) yield ended;
      }
    }
  }

  async find(id: string): Promise<EndedTransaction | undefined> {
    const startedMs = startOfTransaction(id);
    if (startedMs === undefined) return undefined;
    await this.#describeAll();
    const needle = `"id":${JSON.stringify(id)}`;
    for (const outcome of ['rolled-back', 'committed'] as const) {
      for await (const lines of this.#logs[outcome].linesOfTime(startedMs)) {
        const line = lines.find((each) => each.includes(needle));
        const ended = line === undefined ? undefined : endedOf(line);
        if (ended?.id === id) return ended;
      }
    }
    return undefined;
  }

  async *#newestFirst({ outcome, since }: TransactionFilter, beforeSeq = Number.POSITIVE_INFINITY): Lines {
    await this.#describeAll();
    const sinceMs = since === undefined ? 0 : Date.parse(since);
    const logs = outcome === undefined ? OUTCOMES : [outcome];
    yield* mergedLines(logs.map((each) => this.#logs[each].linesBefore(beforeSeq, sinceMs)));
  }

  async #turn(): Promise<void> {
    this.#describe();
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => void this.#turn(), 1);
      return;
    }
    this.#timer = undefined;
    await this.#write();
  }

  async #write(): Promise<void> {
    await Promise.all(OUTCOMES.map((outcome) => this.#logs[outcome].write()));
    const dropped = this.dropped - this.#droppedTold;
    if (dropped > 0) this.#logger.warn('history-dropped', { transactions: dropped });
    this.#droppedTold += dropped;
  }

  /** Those that wait now; others have their turn meanwhile. */
  async #describeAll(): Promise<void> {
    const { lastSeq } = this;
    while ((this.#waiting[0]?.seq ?? Number.POSITIVE_INFINITY) <= lastSeq) {
      this.#describe();
      await nextTurn();
    }
  }

  #describe(): void {
    const untilMs = performance.now() + TURN_MS;
    let described = 0;
    for (const { seq, outcome, describe } of this.#waiting) {
      this.#logs[outcome].add(lineOf(seq, describe()));
      described += 1;
      if (performance.now() >= untilMs) break;
    }
    this.#waiting.splice(0, described);
  }
}

/** What a line that matches has in it: looking for that is much cheaper than reading the line. */
function needlesOf({ op, mirror, pathPrefix, uid }: TransactionFilter): string[] {
  return [
    ...(op === undefined ? [] : [`"operation":${JSON.stringify(op)}`]),
    ...(uid === undefined ? [] : [`"uid":${uid}`]),
    ...(mirror === undefined ? [] : [`"mirror":${JSON.stringify(mirror)}`]),
    ...(pathPrefix === undefined ? [] : [JSON.stringify(pathPrefix).slice(0, -1)]),
  ];
}
