import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../../shared/api.ts';
import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { hasErrno } from '../filesystem/errno.ts';
import type { HistoryStore } from './history-store.ts';
import { COUNTED_MS, OutcomeCounts, outcomesRecordSchema } from './outcome-counts.ts';

const SAVE_MS = 10_000;
/** A crash leaves the transactions of ten seconds; a file that was lost, those of a day. */
const MOST_CAUGHT_UP = 100_000;

/** The outcomes of the last day, in a file beside the history. What it misses after a crash is counted in the history. */
export class OutcomeFile {
  readonly #file: string;
  readonly #history: HistoryStore;
  readonly #logger: Logger;
  #counts = new OutcomeCounts();
  #caughtUp: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, history: HistoryStore, logger: Logger) {
    this.#file = join(directory, 'outcomes.json');
    this.#history = history;
    this.#logger = logger;
  }

  /** Never rejects. What has to be counted in the history is there some time later. */
  async load(): Promise<void> {
    let countedSeq = 0;
    try {
      const record = outcomesRecordSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
      this.#counts = new OutcomeCounts(record.steps);
      countedSeq = record.lastSeq;
    } catch (thrown) {
      // The first start finds none.
      if (!hasErrno(thrown, 'ENOENT'))
        this.#logger.warn('outcomes-unreadable', { error: asAppError(thrown) });
    }
    this.#caughtUp = this.#catchUp(countedSeq);
  }

  add(outcome: Outcome, endedMs: number): void {
    this.#counts.add(outcome, endedMs);
    this.#timer ??= setTimeout(() => void this.#save(), SAVE_MS);
  }

  total(): { committed: number; rolledBack: number } {
    return this.#counts.total(Date.now());
  }

  async close(): Promise<void> {
    if (this.#timer) await this.#save();
  }

  async #catchUp(afterSeq: number): Promise<void> {
    const nowMs = Date.now();
    let counted = 0;
    for await (const { outcome, endedAt } of this.#history.endedAfter(afterSeq, nowMs - COUNTED_MS)) {
      this.#counts.add(outcome, Date.parse(endedAt), nowMs);
      if (++counted === MOST_CAUGHT_UP) return;
    }
  }

  async #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // ORDER: the record says that all up to its number are counted.
    await this.#caughtUp;
    const { steps } = this.#counts;
    const record = { format: outcomesRecordSchema.shape.format.value, lastSeq: this.#history.lastSeq, steps };
    try {
      await writeFile(`${this.#file}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#logger.warn('history-not-kept', { error: asAppError(error) });
    }
  }
}
