import type { QueryClient } from '@tanstack/react-query';
import type { RecordPayloads } from '../../../shared/events.ts';
import type { LogLevel, LogPage } from '../../../shared/log.ts';
import type { Subscription } from '../../../shared/requests.ts';

export const LOG_KEY = 'log';
export const AUDIT_KEY = 'audit';

/** What a browser shows without trouble. */
const KEPT_LINES = 1000;

/** What the pages of log and audit follow while they are open, and the query cache's log and audit carried on by it. */
export class LiveRecords {
  readonly #queries: QueryClient;
  readonly #onWanted: () => void;
  #level: LogLevel | undefined;
  #followsAudit = false;
  #pages: RecordPayloads['log.lines'][] = [];
  #auditChanged = false;

  /** `onWanted` is called when something else is wanted. */
  constructor(queries: QueryClient, onWanted: () => void) {
    this.#queries = queries;
    this.#onWanted = onWanted;
  }

  /** From where the cache's log of this level ends; the answer ends it. */
  followLog(level: LogLevel): () => void {
    this.#level = level;
    this.#onWanted();
    return () => {
      this.#level = undefined;
      this.#onWanted();
    };
  }

  followAudit(): () => void {
    this.#followsAudit = true;
    this.#onWanted();
    return () => {
      this.#followsAudit = false;
      this.#onWanted();
    };
  }

  /** What to subscribe to now. */
  wanted(): Pick<Subscription, 'log' | 'audit'> {
    const level = this.#level;
    const log = level && this.#queries.getQueryData<LogPage>([LOG_KEY, level]);
    // What came before isn't pushed: it is fetched.
    this.#auditChanged = this.#followsAudit;
    return {
      ...(level && log && { log: { level, after: log.seq, bootId: log.bootId } }),
      ...(this.#followsAudit && { audit: true }),
    };
  }

  /** Lines of a level that isn't wanted any more were on their way. */
  receiveLog(page: RecordPayloads['log.lines']): void {
    if (page.level === this.#level) this.#pages.push(page);
  }

  receiveAudit(): void {
    this.#auditChanged = true;
  }

  flush(): void {
    for (const page of this.#pages.splice(0)) {
      this.#queries.setQueryData<LogPage>([LOG_KEY, page.level], (known) => known && withLines(known, page));
    }
    if (!this.#auditChanged) return;
    this.#auditChanged = false;
    void this.#queries.invalidateQueries({ queryKey: [AUDIT_KEY] }, { cancelRefetch: false });
  }
}

/** The log with these lines at its end, each once. Those of a run before stay until there are too many. */
export function withLines(known: LogPage, { items, seq, bootId }: LogPage): LogPage {
  const isSameRun = bootId === known.bootId;
  const added = isSameRun ? items.filter((line) => line.seq > known.seq) : items;
  return {
    items: [...known.items, ...added].slice(-KEPT_LINES),
    seq: isSameRun ? Math.max(seq, known.seq) : seq,
    bootId,
  };
}
