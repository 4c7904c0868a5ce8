import { randomUUID } from 'node:crypto';
import { TypedEmitter } from './emitter.ts';
import type { LogLevel } from './logger.ts';

const MOST_LINES = 2000;
const LONGEST_CHARS = 8192;
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A line as it was kept. */
export interface KeptLine {
  readonly seq: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface LogQuery {
  /** Those that came later, the earliest first; without it the latest. */
  readonly after?: number | undefined;
  /** And what is worse. */
  readonly level: LogLevel;
  readonly limit: number;
}

/** The latest lines of the log, for who can't read where it goes. Bounded: at most 2,000 lines of 8,192 characters. */
export class LogRing {
  /** Another one for each run. */
  readonly bootId = randomUUID();
  /** When a line has come. */
  readonly events = new TypedEmitter<{ added: undefined }>();
  readonly #lines: string[] = [];
  #seq = 0;

  /** A line of `jsonLogger`. */
  add(line: string): void {
    this.#lines.push(line.length <= LONGEST_CHARS ? line : shortened(line));
    this.#seq += 1;
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    this.events.emit('added', undefined);
  }

  /** Oldest first; `seq` is where to go on. */
  read({ after, level, limit }: LogQuery): { items: KeptLine[]; seq: number } {
    const firstSeq = this.#seq - this.#lines.length + 1;
    const from = after === undefined ? 0 : Math.min(Math.max(0, after + 1 - firstSeq), this.#lines.length);
    const found: KeptLine[] = [];
    for (let index = from; index < this.#lines.length; index += 1) {
      const line = parsed(this.#lines[index] ?? '', firstSeq + index);
      if (RANK[line.level] < RANK[level]) continue;
      found.push(line);
      if (after !== undefined && found.length === limit) return { items: found, seq: line.seq };
    }
    return { items: found.slice(-limit), seq: this.#seq };
  }
}

function parsed(line: string, seq: number): KeptLine {
  const { time, level, event, ...fields } = JSON.parse(line) as {
    time: string;
    level: LogLevel;
    event: string;
  };
  return { seq, at: time, level, event, fields };
}

function shortened(line: string): string {
  const { time, level, event } = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({ time, level, event, shortened: line.slice(0, LONGEST_CHARS / 2) });
}
