import { TypedEmitter } from '../base/emitter.ts';
import { invariant } from '../base/errors.ts';
import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { isWithin, parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import {
  affectedPathsOf,
  affectedRecord,
  affectedRecordsIn,
  journalKey,
  type JournalStore,
} from './journal-record.ts';

/** Beyond this many the set becomes {everything}: memory stays bounded, catching up compares the whole tree. */
const MOST_PATHS = 100_000;

export interface StalePath {
  readonly key: string;
  readonly affected: AffectedPath;
  /** Grows with each marking: a repair that began before the last one proves nothing. */
  readonly version: number;
}

interface Entry {
  readonly affected: AffectedPath;
  version: number;
  holds: number;
}

/**
 * The paths that may be wrong on one mirror; empty means in sync. Marking takes effect at once in memory and
 * is committed in the order of the journal's writes, so an intent retired afterwards never outruns it.
 */
export class StaleSet {
  readonly events = new TypedEmitter<{ changed: number }>();
  readonly #store: JournalStore;
  readonly #prefix: string;
  readonly #entries = new Map<string, Entry>();
  #version = 0;
  #moves = 0;

  constructor(store: JournalStore, mirror: string) {
    this.#store = store;
    this.#prefix = `stale/${mirror}/`;
    for (const affected of affectedPathsOf(affectedRecordsIn(store, this.#prefix))) this.#add(affected);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Grows with each marking. */
  get marks(): number {
    return this.#version;
  }

  mark(affected: readonly AffectedPath[]): void {
    for (const path of affected) this.#entryOf(path);
    if (this.#entries.size > MOST_PATHS) this.#collapse();
    this.events.emit('changed', this.size);
  }

  /**
   * Marks paths whose transaction is still under way: they aren't offered for repair until the mark is
   * released, which also outdates any repair begun before. Clearing takes back what this mark alone put in.
   */
  markHeld(affected: readonly AffectedPath[]): { release(): void; clear(): void } {
    const marks = affected.map((path) => {
      const isNew = !this.#entries.has(keyOf(path));
      const entry = this.#entryOf(path);
      entry.holds += 1;
      return { entry, isNew, version: entry.version };
    });
    this.events.emit('changed', this.size);
    const end = (cleared: boolean) => {
      for (const { entry, isNew, version } of marks.splice(0)) {
        entry.holds -= 1;
        if (cleared && isNew && entry.holds === 0 && entry.version === version)
          this.#remove(keyOf(entry.affected));
        else if (!cleared) entry.version = ++this.#version;
      }
      this.events.emit('changed', this.size);
    };
    return { release: () => end(false), clear: () => end(true) };
  }

  /** Whether anything of `path` may be wrong on the mirror, or any name directly in it: that sets its mtime. */
  covers(path: TreePath): boolean {
    for (const { affected } of this.#entries.values()) {
      const { kind } = affected;
      if (affected.path === path || parentOf(affected.path) === path) return true;
      if ((kind === 'tree' || kind === 'children') && isWithin(path, affected.path)) return true;
      if (kind === 'move' && (isWithin(path, affected.path) || isWithin(path, affected.to))) return true;
      if (kind === 'move' && parentOf(affected.to) === path) return true;
    }
    return false;
  }

  /**
   * Up to `limit` paths that may be repaired now. Directory moves come first, alone and the latest first, as they
   * are taken back or repeated one by one: what else is stale is named as the local tree is after them.
   */
  next(limit: number, skip: { has(key: string): boolean }): StalePath[] {
    const isMove = (affected: AffectedPath) => affected.kind === 'move';
    const moves = this.#moves > 0 ? this.#eligible(this.#moves, skip, isMove) : [];
    const latest = moves.sort((a, b) => b.version - a.version).slice(0, 1);
    return latest.length > 0 ? latest : this.#eligible(limit, skip, () => true);
  }

  #eligible(
    limit: number,
    skip: { has(key: string): boolean },
    wanted: (affected: AffectedPath) => boolean,
  ): StalePath[] {
    const found: StalePath[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.holds > 0 || skip.has(key) || !wanted(entry.affected)) continue;
      found.push({ key, affected: entry.affected, version: entry.version });
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Takes the path out, unless it was marked again since `next` offered it. */
  settle(stale: StalePath): boolean {
    const entry = this.#entries.get(stale.key);
    if (!entry || entry.holds > 0 || entry.version !== stale.version) return false;
    this.#remove(stale.key);
    this.events.emit('changed', this.size);
    return true;
  }

  #entryOf(affected: AffectedPath): Entry {
    const key = keyOf(affected);
    const known = this.#entries.get(key);
    if (known) {
      known.version = ++this.#version;
      return known;
    }
    const entry = this.#add(affected);
    this.#store.put(journalKey(this.#prefix, key), affectedRecord(affected, entry.version)).catch(() => {
      // The journal can't be written: the next intent fails with JOURNAL_FAILED and no change gets through.
    });
    return entry;
  }

  #add(affected: AffectedPath): Entry {
    const entry: Entry = { affected, version: ++this.#version, holds: 0 };
    this.#entries.set(keyOf(affected), entry);
    if (affected.kind === 'move') this.#moves += 1;
    return entry;
  }

  #collapse(): void {
    const everything: AffectedPath = { kind: 'tree', path: ROOT };
    const kept = keyOf(everything);
    this.#entryOf(everything);
    for (const [key, entry] of this.#entries) {
      if (key !== kept && entry.holds === 0) this.#remove(key);
    }
    invariant(this.#entries.has(kept), 'the whole tree is stale');
  }

  #remove(key: string): void {
    if (this.#entries.get(key)?.affected.kind === 'move') this.#moves -= 1;
    this.#entries.delete(key);
    this.#store.remove(journalKey(this.#prefix, key)).catch(() => {});
  }
}
