import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { affectedRecord, journalKey, pageRecord, pathsOfPage, type JournalStore } from './journal-record.ts';
import { KeySet } from './key-set.ts';

const PAGE_PATHS = 500;

/**
 * The stale paths of a mirror that are too many to be held in memory, first in, first out: in records of many paths
 * each, which lmdb reads from its disk. In memory there is a fingerprint of each.
 */
export class StalePages {
  readonly #store: JournalStore;
  readonly #prefix: string;
  /** Those below have a record of their own until they fill a page. */
  readonly #ownPrefix: string;
  readonly #keys = new KeySet();
  /** Pages that lmdb has not committed yet, which it doesn't show before that. */
  readonly #underWay = new Map<string, readonly AffectedPath[]>();
  #last: AffectedPath[] = [];
  #firstPage = 0;
  #endPage = 0;

  /** `ownPrefix`: of the records that stale paths in memory have. */
  constructor(store: JournalStore, mirror: string, ownPrefix: string) {
    this.#store = store;
    this.#prefix = `stale-pages/${mirror}/`;
    this.#ownPrefix = ownPrefix;
    for (const { key, value } of store.getRange({ start: this.#prefix, end: `${this.#prefix}~` })) {
      for (const affected of pathsOfPage(value)) this.#keys.add(keyOf(affected));
      const page = Number(key.slice(this.#prefix.length));
      if (this.#endPage === 0) this.#firstPage = page;
      this.#endPage = page + 1;
    }
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(key);
  }

  /** `affected` has a record of its own in the journal, and is not in yet. */
  add(affected: AffectedPath): void {
    this.#keys.add(keyOf(affected));
    this.#last.push(affected);
    if (this.#last.length < PAGE_PATHS) return;
    // DURABILITY: the page first; what a crash leaves twice is repaired twice.
    this.#putPage(this.#keyOfPage(this.#endPage++), this.#last);
    for (const path of this.#last) this.#remove(journalKey(this.#ownPrefix, keyOf(path)));
    this.#last = [];
  }

  /** Takes the oldest out; afterwards they have records of their own. */
  takeOldest(): readonly AffectedPath[] {
    const paths = this.#firstPage < this.#endPage ? this.#takePage() : this.#last.splice(0);
    for (const path of paths) this.#keys.delete(keyOf(path));
    return paths;
  }

  clear(): void {
    this.#underWay.clear();
    while (this.#firstPage < this.#endPage) this.#remove(this.#keyOfPage(this.#firstPage++));
    for (const path of this.#last.splice(0)) this.#remove(journalKey(this.#ownPrefix, keyOf(path)));
    this.#keys.clear();
  }

  #takePage(): readonly AffectedPath[] {
    const key = this.#keyOfPage(this.#firstPage);
    const paths = this.#underWay.get(key) ?? pathsOfPage(this.#store.get(key));
    // DURABILITY: their own records first.
    for (const path of paths) {
      this.#store.put(journalKey(this.#ownPrefix, keyOf(path)), affectedRecord(path, 0)).catch(() => {});
    }
    this.#underWay.delete(key);
    this.#remove(key);
    this.#firstPage += 1;
    return paths;
  }

  #keyOfPage(page: number): string {
    return this.#prefix + String(page).padStart(12, '0');
  }

  #putPage(key: string, paths: readonly AffectedPath[]): void {
    this.#underWay.set(key, paths);
    this.#store.put(key, pageRecord(paths)).then(
      () => this.#underWay.delete(key),
      () => {
        // The journal can't be written: the next intent fails with JOURNAL_FAILED and no change gets through.
      },
    );
  }

  #remove(key: string): void {
    this.#store.remove(key).catch(() => {});
  }
}
