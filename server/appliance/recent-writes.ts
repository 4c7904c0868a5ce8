import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { underNewNames } from './recovery.ts';

/** Longer than a kernel keeps what was written to itself (Linux: 30 s, and 5 s until the next look). */
const RECENT_MS = 60_000;
const MOST_PATHS = 20_000;

interface Write {
  readonly affected: AffectedPath;
  readonly atMs: number;
  /** Counted: within a millisecond a flush and what is written after it would look alike. */
  readonly number: number;
}

/**
 * What was changed on one mirror in the last minute. A server that loses power may lose it again, though it has
 * acknowledged it. Many paths become their directories, too many of those the whole tree: those are then compared by
 * size and mtime.
 */
export class RecentWrites {
  /** In order of time. */
  readonly #writes = new Map<string, Write>();
  /** By file, the last write that its latest flush covers; in order of time. */
  readonly #flushed = new Map<TreePath, number>();
  #count = 0;

  add(affected: readonly AffectedPath[], nowMs = Date.now()): void {
    for (const path of affected) this.#put(path, nowMs);
    this.#prune(nowMs);
    if (this.#writes.size > MOST_PATHS) this.#collapse(nowMs);
  }

  /** The content of this file is on the mirror's disk; whether its name is, a flush of the file doesn't say. */
  flushed(path: TreePath): void {
    this.#flushed.delete(path);
    this.#flushed.set(path, this.#count);
    if (this.#flushed.size <= MOST_PATHS) return;
    // A flush that is forgotten costs a needless comparison.
    const [oldest = path] = this.#flushed.keys();
    this.#flushed.delete(oldest);
  }

  list(nowMs = Date.now()): AffectedPath[] {
    this.#prune(nowMs);
    const unsure = [...this.#writes.values()].filter((write) => !this.#isFlushed(write));
    return underNewNames(unsure.map(({ affected }) => affected));
  }

  #isFlushed({ affected, number }: Write): boolean {
    return affected.kind === 'extent' && number <= (this.#flushed.get(affected.path) ?? 0);
  }

  #put(affected: AffectedPath, atMs: number): void {
    const key = keyOf(affected);
    this.#writes.delete(key);
    this.#writes.set(key, { affected, atMs, number: ++this.#count });
  }

  #prune(nowMs: number): void {
    for (const [key, { atMs }] of this.#writes) {
      if (atMs > nowMs - RECENT_MS) return;
      this.#writes.delete(key);
    }
  }

  #collapse(nowMs: number): void {
    const directories = new Set(this.list(nowMs).flatMap(directoriesOf));
    this.#writes.clear();
    const few = directories.size <= MOST_PATHS / 2;
    for (const path of few ? directories : [ROOT]) this.#put({ kind: 'tree', path }, nowMs);
  }
}

function directoriesOf(affected: AffectedPath): TreePath[] {
  if (affected.kind === 'move') return [parentOf(affected.path), parentOf(affected.to)];
  return [affected.kind === 'tree' || affected.kind === 'children' ? affected.path : parentOf(affected.path)];
}
