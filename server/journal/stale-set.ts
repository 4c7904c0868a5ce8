import { TypedEmitter } from '../base/emitter.ts';
import { invariant } from '../base/errors.ts';
import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { isWithin, parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { StalePages } from './stale-pages.ts';
import {
  affectedPathsOf,
  affectedRecord,
  affectedRecordsIn,
  journalKey,
  type JournalStore,
} from './journal-record.ts';

/** How many paths a set holds. */
export interface StaleBounds {
  /** Beyond this many further ones wait on disk, known in memory by a fingerprint. */
  readonly inMemory: number;
  /** So many are in memory where those that are can't be repaired. */
  readonly stuck: number;
  /** Beyond this many the set becomes {everything}: catching up compares the whole tree. */
  readonly paths: number;
}

const BOUNDS: StaleBounds = { inMemory: 10_000, stuck: 100_000, paths: 2_000_000 };

export interface StalePath {
  readonly key: string;
  readonly affected: AffectedPath;
  /** Grows with each marking: a repair that began before the last one proves nothing. */
  readonly version: number;
}

/**
 * In this order. Where a name still leads to another file on the mirror, which has further names, what is done to a part
 * would be done to that file: so names come before parts. Attributes come late: those of a directory are set by what is done in it.
 * An inode stands for parts whose name has gone before they were put right.
 */
const STAGES = ['moves', 'fresh', 'names', 'extents', 'attributes', 'inodes'] as const;
type Stage = (typeof STAGES)[number];

const STAGE: Record<AffectedPath['kind'], Stage> = {
  move: 'moves',
  fresh: 'fresh',
  entry: 'names',
  tree: 'names',
  children: 'names',
  extent: 'extents',
  attributes: 'attributes',
  inode: 'inodes',
};

/** What is not to be offered now. */
export interface Skipped {
  has(key: string, affected: AffectedPath): boolean;
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
  readonly events = new TypedEmitter<{
    changed: number;
    /** Repaired, and taken out. */
    settled: AffectedPath;
  }>();
  readonly #store: JournalStore;
  readonly #prefix: string;
  readonly #bounds: StaleBounds;
  readonly #entries = new Map<string, Entry>();
  /** A path is in one of the two, or for a while in both. */
  readonly #pages: StalePages;
  #version = 0;
  /** The same by their stages: what is offered next is found without looking at all. */
  readonly #ofStage = Object.fromEntries(STAGES.map((stage) => [stage, new Map<string, Entry>()])) as Record<
    Stage,
    Map<string, Entry>
  >;

  constructor(store: JournalStore, mirror: string, bounds = BOUNDS) {
    this.#store = store;
    this.#bounds = bounds;
    this.#prefix = `stale/${mirror}/`;
    for (const affected of affectedPathsOf(affectedRecordsIn(store, this.#prefix))) this.#add(affected);
    this.#pages = new StalePages(store, mirror, this.#prefix);
  }

  /** Some may be counted twice while transactions that change them are under way. */
  get size(): number {
    return this.#entries.size + this.#pages.size;
  }

  /** Grows with each marking. */
  get marks(): number {
    return this.#version;
  }

  mark(affected: readonly AffectedPath[]): void {
    for (const path of affected) {
      if (this.#pages.has(keyOf(path)) && !this.#entries.has(keyOf(path))) this.#version += 1;
      else this.#setAside(this.#entryOf(path));
    }
    if (this.size > this.#bounds.paths) this.#collapse();
    this.events.emit('changed', this.size);
  }

  /**
   * Marks paths whose transaction is still under way: they aren't offered for repair until the mark is
   * released, which also outdates any repair begun before. Clearing takes back what this mark alone put in.
   */
  markHeld(affected: readonly AffectedPath[]): { release(): void; clear(): void } {
    const marks = affected.map((path) => {
      const isNew = !this.#entries.has(keyOf(path)) && !this.#pages.has(keyOf(path));
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
        else if (!cleared) {
          entry.version = ++this.#version;
          this.#setAside(entry);
        }
      }
      this.events.emit('changed', this.size);
    };
    return { release: () => end(false), clear: () => end(true) };
  }

  /** Whether anything of `path` may be wrong on the mirror, or any name directly in it: that sets its mtime. */
  covers(path: TreePath): boolean {
    // Which ones wait on disk is not searched: with so many, nothing that is found there now is worth telling.
    if (this.#pages.size > 0) return true;
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
   * Up to `limit` paths that may be repaired now, all of one stage. Directory moves come alone and the latest first, as they
   * are taken back or repeated one by one: what else is stale is named as the local tree is after them.
   */
  next(limit: number, skip: Skipped): StalePath[] {
    if (limit <= 0) return [];
    const moves = this.#eligible(Number.POSITIVE_INFINITY, skip, 'moves');
    const latest = moves.sort((a, b) => b.version - a.version).slice(0, 1);
    if (latest.length > 0) return latest;
    this.#refill(this.#bounds.inMemory / 2);
    for (const stage of STAGES) {
      const found = this.#eligible(limit, skip, stage);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Because of what an earlier stage has left behind. */
  #isWithheld({ kind, path }: AffectedPath): boolean {
    const stage = STAGE[kind];
    if (stage === 'moves' || stage === 'fresh') return false;
    if (stage === 'inodes') return this.#ofStage.extents.size + this.#ofStage.attributes.size > 0;
    return this.#has({ kind: 'fresh', path }) || (stage !== 'names' && this.#has({ kind: 'entry', path }));
  }

  #has(affected: AffectedPath): boolean {
    const key = keyOf(affected);
    return this.#entries.has(key) || this.#pages.has(key);
  }

  /** Where all in memory are stuck: takes more from disk, which may not be. False where there are none, or too many. */
  more(): boolean {
    return this.#refill(this.#bounds.stuck);
  }

  /** Takes some from disk while there are less than that in memory; false where it took none. */
  #refill(belowSize: number): boolean {
    const before = this.#entries.size;
    while (this.#pages.size > 0 && this.#entries.size < belowSize) {
      for (const affected of this.#pages.takeOldest()) {
        if (!this.#entries.has(keyOf(affected))) this.#add(affected);
      }
      if (this.#entries.size > before) return true;
    }
    return false;
  }

  /** Leaves one that nobody holds to the disk where there are too many in memory. */
  #setAside({ affected, holds }: Entry): void {
    if (this.#entries.size <= this.#bounds.inMemory || holds > 0 || affected.kind === 'move') return;
    const key = keyOf(affected);
    if (!this.#drop(key)) return;
    if (!this.#pages.has(key)) this.#pages.add(affected);
  }

  #eligible(limit: number, skip: Skipped, stage: Stage): StalePath[] {
    const found: StalePath[] = [];
    for (const [key, { affected, holds, version }] of this.#ofStage[stage]) {
      if (holds > 0 || this.#isWithheld(affected)) continue;
      if (skip.has(key, affected)) continue;
      found.push({ key, affected, version });
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Takes the path out, unless it was marked again since `next` offered it. */
  settle(stale: StalePath): boolean {
    const entry = this.#entries.get(stale.key);
    if (!entry || entry.holds > 0 || entry.version !== stale.version) return false;
    this.#remove(stale.key);
    this.events.emit('settled', stale.affected);
    this.events.emit('changed', this.size);
    return true;
  }

  clear(): void {
    // What waits on disk keeps its record, so that goes first.
    this.#pages.clear();
    for (const key of [...this.#entries.keys()]) this.#remove(key);
    this.events.emit('changed', this.size);
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
    this.#ofStage[STAGE[affected.kind]].set(keyOf(affected), entry);
    return entry;
  }

  #collapse(): void {
    const everything: AffectedPath = { kind: 'tree', path: ROOT };
    const kept = keyOf(everything);
    this.#entryOf(everything);
    for (const [key, entry] of this.#entries) {
      if (key !== kept && entry.holds === 0) this.#remove(key);
    }
    this.#pages.clear();
    invariant(this.#entries.has(kept), 'the whole tree is stale');
  }

  #remove(key: string): void {
    this.#drop(key);
    // Where it waits on disk too, the record may be all that there is of it.
    if (!this.#pages.has(key)) this.#store.remove(journalKey(this.#prefix, key)).catch(() => {});
  }

  /** False where it wasn't in memory. */
  #drop(key: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#ofStage[STAGE[entry.affected.kind]].delete(key);
    return this.#entries.delete(key);
  }
}
