import { AppError, invariant } from '../base/errors.ts';
import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { affectedPathsIn, affectedRecord, journalKey, type JournalStore } from './journal-record.ts';

const PREFIX = 'intent/';

interface Intent {
  readonly affected: AffectedPath;
  users: number;
  lastUseMs: number;
  /** Resolves when the intent is on stable storage. */
  durable: Promise<void>;
}

/**
 * The affected paths of transactions under way or just over. While a path is noted here, a crash makes it
 * stale on every mirror; a path that is already noted ("hot") is noted again for free.
 */
export class IntentLog {
  readonly #store: JournalStore;
  readonly #hot = new Map<string, Intent>();
  #sequence = 0;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  /** What the last run left noted, oldest first. Only recovery asks, before anything is noted anew. */
  left(): AffectedPath[] {
    return affectedPathsIn(this.#store, PREFIX);
  }

  /** Takes back what the last run left, once it is in the stale sets: both go into the same order of commits. */
  dropLeft(): void {
    for (const affected of this.left()) void this.#store.remove(journalKey(PREFIX, keyOf(affected)));
  }

  /**
   * Notes the paths for one user and resolves when all are on stable storage. Each call needs one `letGo`,
   * also after a rejection (JOURNAL_FAILED: nothing may be changed anywhere).
   */
  async hold(affected: readonly AffectedPath[]): Promise<void> {
    const waits = affected.map((path) => {
      const intent = this.#intentOf(path);
      intent.users += 1;
      return intent.durable;
    });
    await Promise.all(waits);
  }

  /** Whether holding the path would be free. */
  isHot(affected: AffectedPath): boolean {
    return this.#hot.has(keyOf(affected));
  }

  letGo(affected: readonly AffectedPath[]): void {
    for (const path of affected) {
      const intent = this.#hot.get(keyOf(path));
      invariant(intent && intent.users > 0, 'an intent is let go once per hold');
      intent.users -= 1;
      intent.lastUseMs = Date.now();
    }
  }

  get size(): number {
    return this.#hot.size;
  }

  /** The paths that nobody has used since `beforeMs`. */
  idleSince(beforeMs: number): AffectedPath[] {
    const idle = (intent: Intent) => intent.users === 0 && intent.lastUseMs < beforeMs;
    return [...this.#hot.values()].filter(idle).map((intent) => intent.affected);
  }

  /**
   * Forgets those of the paths that are still unused since `beforeMs`. The caller has made sure that every replica
   * holds them durably.
   */
  retire(affected: readonly AffectedPath[], beforeMs: number): void {
    for (const path of affected) {
      const key = keyOf(path);
      const intent = this.#hot.get(key);
      if (!intent || intent.users > 0 || intent.lastUseMs >= beforeMs) continue;
      this.#hot.delete(key);
      // A removal that is lost costs a needless repair after the next crash, nothing else.
      this.#store.remove(journalKey(PREFIX, key)).catch(() => {});
    }
  }

  #intentOf(affected: AffectedPath): Intent {
    const key = keyOf(affected);
    const hot = this.#hot.get(key);
    if (hot) {
      // Recovery takes directory moves back in the reverse of their order, so the order must be the last one.
      if (affected.kind === 'move') hot.durable = this.#note(key, affected);
      return hot;
    }
    const intent: Intent = { affected, users: 0, lastUseMs: Date.now(), durable: this.#note(key, affected) };
    this.#hot.set(key, intent);
    return intent;
  }

  async #note(key: string, affected: AffectedPath): Promise<void> {
    try {
      await this.#store.put(journalKey(PREFIX, key), affectedRecord(affected, ++this.#sequence));
    } catch (cause) {
      throw new AppError('JOURNAL_FAILED', undefined, { cause });
    }
  }
}
