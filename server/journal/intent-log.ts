import { AppError, invariant } from '../base/errors.ts';
import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { CoveredIntents } from './covered-intents.ts';
import {
  affectedPathsOf,
  affectedRecord,
  affectedRecordsIn,
  journalKey,
  type AffectedRecord,
  type JournalStore,
} from './journal-record.ts';

const PREFIX = 'intent/';
/** A busy directory is noted anew after so long: after a crash only what changed since then is compared. */
const RENEW_COVER_MS = 60_000;
/** The clock that files are stamped with may be this much behind ours. */
const CLOCK_GRAIN_MS = 2000;

interface Covered {
  readonly by: Intent;
  readonly record: AffectedRecord;
  /** Every change of it shows in the directory's comparison: nothing but its making was there before. */
  isNew: boolean;
}

interface Intent {
  readonly affected: AffectedPath;
  readonly notedAtMs: number;
  users: number;
  lastUseMs: number;
  /** Resolves when the intent, or what covers it, is on stable storage. */
  durable: Promise<void>;
  /** Has a record of its own on stable storage. */
  isNoted: boolean;
  /** Could not be noted: whoever comes next tries again. */
  hasFailed: boolean;
  readonly covered?: Covered;
}

/** The directory whose names an operation changes. */
export interface Cover {
  readonly directory: TreePath;
  /** When its names last changed, by the clock of its file system. */
  readonly changedMs: number;
  /** The operation makes what it names: changes of that will show by the time that it was made. */
  readonly isNew: boolean;
}

/**
 * The affected paths of transactions under way or just over. While a path is noted here, a crash makes it
 * stale on every mirror; a path that is already noted ("hot") is noted again for free. Names made and removed in one
 * directory cost one write to stable storage together: for the directory.
 */
export class IntentLog {
  readonly #store: JournalStore;
  readonly #coveredIntents: CoveredIntents;
  readonly #hot = new Map<string, Intent>();
  readonly #covers = new Map<TreePath, Intent>();
  #sequence = 0;

  constructor(store: JournalStore, coveredIntents: CoveredIntents) {
    this.#store = store;
    this.#coveredIntents = coveredIntents;
    if (this.left().length === 0) coveredIntents.begin([]);
  }

  /** What the last run left noted, oldest first. Only recovery asks, before anything is noted anew. */
  left(): AffectedPath[] {
    const noted = affectedRecordsIn(this.#store, PREFIX);
    const covered = this.#coveredIntents.left();
    if (!covered) return affectedPathsOf(noted);
    // The machine has stayed up: each name is known, and their directories need no comparing.
    const others = noted.filter(({ affected }) => affected.kind !== 'children');
    return affectedPathsOf([...others, ...covered]);
  }

  /** Takes back what the last run left, once it is in the stale sets: both go into the same order of commits. */
  dropLeft(): void {
    for (const { affected } of affectedRecordsIn(this.#store, PREFIX)) {
      void this.#store.remove(journalKey(PREFIX, keyOf(affected)));
    }
    this.#coveredIntents.begin([]);
  }

  /**
   * Notes the paths for one user and resolves when all are on stable storage, or the directory that covers them.
   * Each call needs one `letGo`, also after a rejection (JOURNAL_FAILED: nothing may be changed anywhere).
   */
  async hold(affected: readonly AffectedPath[], cover?: Cover): Promise<void> {
    const waits = affected.map((path) => {
      const intent = this.#intentOf(path, cover);
      intent.users += 1;
      return intent.durable;
    });
    await Promise.all(waits);
  }

  /** Whether holding the path would be free. */
  isHot(affected: AffectedPath): boolean {
    const intent = this.#hot.get(keyOf(affected));
    return intent !== undefined && isEnough(intent);
  }

  /** Whether a transaction that changes this is under way, or was lately. */
  isNoted(affected: AffectedPath): boolean {
    return this.#hot.has(keyOf(affected));
  }

  letGo(affected: readonly AffectedPath[]): void {
    for (const path of affected) {
      const intent = this.#hot.get(keyOf(path));
      invariant(intent && intent.users > 0, 'an intent is let go once per hold');
      intent.lastUseMs = Date.now();
      this.#leave(intent);
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
      const intent = this.#hot.get(keyOf(path));
      if (intent && intent.users === 0 && intent.lastUseMs < beforeMs) this.#forget(intent);
    }
    if (this.#coveredIntents.hasGrown) this.#coveredIntents.begin(this.#coveredRecords());
  }

  #forget(intent: Intent): void {
    const { affected, covered } = intent;
    const key = keyOf(affected);
    this.#hot.delete(key);
    if (this.#covers.get(affected.path) === intent) this.#covers.delete(affected.path);
    if (covered) this.#leave(covered.by);
    // A removal that is lost costs a needless repair after the next crash, nothing else.
    if (intent.isNoted) this.#store.remove(journalKey(PREFIX, key)).catch(() => {});
  }

  #leave(intent: Intent): void {
    intent.users -= 1;
    if (intent.hasFailed && intent.users === 0) this.#forget(intent);
  }

  #coveredRecords(): AffectedRecord[] {
    return [...this.#hot.values()].flatMap(({ covered }) => covered?.record ?? []);
  }

  #intentOf(affected: AffectedPath, cover: Cover | undefined): Intent {
    const hot = this.#hot.get(keyOf(affected));
    if (hot) return this.#again(hot, cover);
    const now = Date.now();
    const begun = { affected, notedAtMs: now, lastUseMs: now, users: 0, hasFailed: false };
    const intent: Intent = cover
      ? { ...begun, ...this.#noteCovered(affected, cover) }
      : { ...begun, isNoted: true, durable: this.#note(affected) };
    this.#hot.set(keyOf(affected), intent);
    intent.durable.catch(() => {
      intent.hasFailed = true;
    });
    return intent;
  }

  #again(hot: Intent, cover: Cover | undefined): Intent {
    const { affected, covered } = hot;
    if (covered && cover) covered.isNew = cover.isNew;
    // Recovery takes directory moves back in the reverse of their order, so the order must be the last one.
    if (affected.kind === 'move' || (!cover && !isEnough(hot))) this.#noteAgain(hot);
    return hot;
  }

  /** Where that fails, what was noted before still stands, and whoever comes next tries again. */
  #noteAgain(hot: Intent): void {
    const { durable, isNoted } = hot;
    const again = this.#note(hot.affected);
    hot.isNoted = true;
    hot.durable = again;
    again.catch(() => {
      if (hot.durable === again) Object.assign(hot, { durable, isNoted });
    });
  }

  #noteCovered(affected: AffectedPath, cover: Cover): Pick<Intent, 'covered' | 'durable' | 'isNoted'> {
    const by = this.#coverOf(cover);
    by.users += 1;
    const record = affectedRecord(affected, ++this.#sequence);
    const noted = { covered: { by, record, isNew: cover.isNew }, isNoted: false };
    try {
      this.#coveredIntents.append(record);
      return { ...noted, durable: by.durable };
    } catch (error) {
      return { ...noted, durable: rejected(error) };
    }
  }

  #coverOf({ directory, changedMs }: Cover): Intent {
    const now = Date.now();
    const known = this.#covers.get(directory);
    // A clock that was set back would hide what is made from now on.
    const isGood = known && known.lastUseMs <= now && now - known.notedAtMs < RENEW_COVER_MS;
    const sinceMs = Math.min(changedMs, now - CLOCK_GRAIN_MS);
    const intent = isGood ? known : this.#intentOf({ kind: 'children', path: directory, sinceMs }, undefined);
    intent.lastUseMs = now;
    this.#covers.set(directory, intent);
    return intent;
  }

  async #note(affected: AffectedPath): Promise<void> {
    try {
      await this.#store.put(journalKey(PREFIX, keyOf(affected)), affectedRecord(affected, ++this.#sequence));
    } catch (cause) {
      throw new AppError('JOURNAL_FAILED', undefined, { cause });
    }
  }
}

function isEnough({ isNoted, covered }: Intent): boolean {
  return isNoted || covered?.isNew === true;
}

/** Whoever holds the intent hears of it; nobody may. */
function rejected(error: unknown): Promise<never> {
  const rejection = Promise.reject(error as AppError);
  rejection.catch(() => {});
  return rejection;
}
