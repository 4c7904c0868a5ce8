import { appendFile, readFile } from 'node:fs/promises';
import { type AuditEntry, type AuditList, auditEntrySchema, auditResultOf } from '../../shared/audit.ts';
import type { AuditQuery } from '../../shared/requests.ts';
import { replaceDurably } from '../base/durable-file.ts';
import { TypedEmitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';

const MOST_ENTRIES = 5000;
const MOST_AGE_MS = 400 * 86_400_000;
const MODE = 0o600;

/**
 * Who changed what through the control plane, one JSON object a line, so that it outlives a crash. Bounded by count and age. A
 * file that can't be written holds no change up: the log says so.
 */
export class Audit {
  readonly events = new TypedEmitter<{ added: AuditEntry }>();
  readonly #file: string;
  readonly #logger: Logger;
  /** Oldest first. */
  readonly #entries: AuditEntry[];
  #linesInFile: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: string, logger: Logger, kept: AuditEntry[], linesInFile: number) {
    this.#file = file;
    this.#logger = logger;
    this.#entries = kept;
    this.#linesInFile = linesInFile;
  }

  /** A line that a crash cut short is left out. */
  static async load(file: string, logger: Logger, nowMs = Date.now()): Promise<Audit> {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') logger.error('audit-not-read', { file, error });
      return '';
    });
    const lines = text.split('\n').filter((line) => line !== '');
    const kept = lines.flatMap(entryOf).filter(({ at }) => Date.parse(at) > nowMs - MOST_AGE_MS);
    return new Audit(file, logger, kept.slice(-MOST_ENTRIES), lines.length);
  }

  add(entry: Omit<AuditEntry, 'id' | 'at'>): void {
    const id = this.lastId + 1;
    const whole = { id, at: new Date().toISOString(), ...entry };
    this.#entries.push(whole);
    if (this.#entries.length > MOST_ENTRIES) this.#entries.shift();
    this.#last = this.#last.then(() => this.#write(whole));
    this.events.emit('added', whole);
  }

  /** Of the newest entry; 0 without any. */
  get lastId(): number {
    return this.#entries.at(-1)?.id ?? 0;
  }

  /** The first ones that came later, oldest first. */
  after(id: number, limit: number): AuditEntry[] {
    // The newest are few, and at the end.
    const index = this.#entries.findLastIndex((entry) => entry.id <= id) + 1;
    return this.#entries.slice(index, index + limit);
  }

  /** What fits the query, newest first. `cursor`: only what is older than this entry. */
  list(query: AuditQuery): AuditList {
    const fitting = this.#entries.filter((entry) => fits(entry, query));
    const items = fitting.slice(-query.limit).reverse();
    const oldest = items.at(-1);
    return { items, nextCursor: oldest && fitting.length > query.limit ? String(oldest.id) : null };
  }

  /** Resolves when all of it is in the file. */
  async close(): Promise<void> {
    await this.#last;
  }

  async #write(entry: AuditEntry): Promise<void> {
    try {
      this.#linesInFile += 1;
      if (this.#linesInFile <= 2 * MOST_ENTRIES)
        return await appendFile(this.#file, lineOf(entry), { mode: MODE });
      const entries = [...this.#entries];
      await replaceDurably(this.#file, entries.map(lineOf).join(''), { mode: MODE });
      this.#linesInFile = entries.length;
    } catch (error) {
      this.#logger.error('audit-not-written', { file: this.#file, error });
    }
  }
}

function fits(entry: AuditEntry, { cursor, contains, result }: AuditQuery): boolean {
  if (cursor !== undefined && entry.id >= cursor) return false;
  if (result !== undefined && auditResultOf(entry.status) !== result) return false;
  if (contains === undefined) return true;
  const { method, route, target, fields, by, token, address } = entry;
  const place = target === null ? route : route.replace('{id}', target);
  const text = [`${method} ${place}`, ...fields, by, token ?? '', address].join('\n');
  return text.toLowerCase().includes(contains.toLowerCase());
}

function lineOf(entry: AuditEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

function entryOf(line: string): AuditEntry[] {
  try {
    const parsed = auditEntrySchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
