import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const MAX_LINES = 5000;

/** One line of the appliance's log. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Collects the latest lines of an output: JSON ones as log lines, all of them as text. */
export class LogLines {
  readonly #texts: string[] = [];
  readonly #lines: LogLine[] = [];

  /** May be called once for each stream and each run. */
  follow(stream: Readable): void {
    createInterface({ input: stream }).on('line', (text) => this.#add(text));
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The latest line of this event. */
  last(event: string): LogLine | undefined {
    return this.#lines.findLast((line) => line.event === event);
  }

  /** The last few lines as they were written, for a failure's message. */
  tail(count = 20): string {
    return this.#texts.slice(-count).join('\n');
  }

  clear(): void {
    this.#texts.length = 0;
    this.#lines.length = 0;
  }

  #add(text: string): void {
    this.#texts.push(text);
    if (this.#texts.length > MAX_LINES) this.#texts.shift();
    const line = logLine(text);
    if (!line) return;
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}

function logLine(text: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLogLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string';
}
