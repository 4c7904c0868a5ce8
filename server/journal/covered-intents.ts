import { closeSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { AppError, invariant } from '../base/errors.ts';
import { isWhole, type AffectedRecord } from './journal-record.ts';

const FORMAT = 'proxyfs covered intents 1';
/** The file is worth writing anew, without what was retired since, when it has grown by so much. */
const GROWTH_BYTES = 256 * 1024;

/**
 * Intents in a file that is never flushed: they survive the end of this process, whose page cache outlives it, but not
 * that of the machine. After that the directory that covers them, which is noted durably, is compared instead; so
 * the file names the boot that it is of.
 */
export class CoveredIntents {
  readonly #path: string;
  readonly #bootId: string | undefined;
  #fd: number | undefined;
  #sizeBytes = 0;
  #begunBytes = 0;

  /** `bootId`: differs after each start of the machine; undefined where that can't be told. */
  constructor(path: string, bootId: string | undefined) {
    this.#path = path;
    this.#bootId = bootId;
  }

  /** What an ended process left; undefined where the machine went down since, or nothing is known. */
  left(): AffectedRecord[] | undefined {
    const [first, ...lines] = readLines(this.#path);
    if (this.#bootId === undefined || first !== headOf(this.#bootId)) return undefined;
    const records: AffectedRecord[] = [];
    for (const line of lines) {
      const record = recordIn(line);
      // Only the last line can be torn: its transaction never got beyond noting it.
      if (!record) break;
      records.push(record);
    }
    return records;
  }

  /** Synchronous: when it returns the intent outlives this process. Throws JOURNAL_FAILED. */
  append(record: AffectedRecord): void {
    invariant(this.#fd !== undefined, 'covered intents are begun before they are noted');
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      // At an offset of our own: what a failed write left behind is written over.
      if (writeSync(this.#fd, line, 0, line.length, this.#sizeBytes) === line.length) {
        this.#sizeBytes += line.length;
        return;
      }
    } catch (cause) {
      throw new AppError('JOURNAL_FAILED', undefined, { cause });
    }
    throw new AppError('JOURNAL_FAILED', 'an intent was cut short');
  }

  get hasGrown(): boolean {
    return this.#sizeBytes - this.#begunBytes > GROWTH_BYTES;
  }

  /** Keeps these alone. Killed at any moment, either the old file is there or the new one. Throws JOURNAL_FAILED. */
  begin(records: readonly AffectedRecord[]): void {
    const lines = [headOf(this.#bootId ?? ''), ...records.map((record) => JSON.stringify(record))];
    const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const next = `${this.#path}.next`;
    let fd: number | undefined;
    try {
      fd = openSync(next, 'w', 0o600);
      if (writeSync(fd, content) !== content.length) throw new AppError('JOURNAL_FAILED');
      renameSync(next, this.#path);
    } catch (cause) {
      if (fd !== undefined) closeSync(fd);
      throw new AppError('JOURNAL_FAILED', undefined, { cause });
    }
    this.close();
    this.#fd = fd;
    this.#sizeBytes = this.#begunBytes = content.length;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function headOf(bootId: string): string {
  return JSON.stringify({ format: FORMAT, bootId });
}

function readLines(path: string): string[] {
  try {
    // What follows the last line end was cut off.
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

function recordIn(line: string): AffectedRecord | undefined {
  try {
    const record = JSON.parse(line) as AffectedRecord;
    return isWhole(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
