import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { underNewNames } from './recovery.ts';

/** Longer than a kernel keeps what was written to itself (Linux: 30 s, and 5 s until the next look). */
const RECENT_MS = 60_000;
const MOST_PATHS = 20_000;

interface Write {
  readonly affected: AffectedPath;
  readonly atMs: number;
}

/**
 * What was changed on one mirror in the last minute. A server that loses power may lose it again, though it has
 * acknowledged it. Many paths become their directories, too many of those the whole tree: those are then compared by
 * size and mtime.
 */
export class RecentWrites {
  /** In order of time. */
  readonly #writes = new Map<string, Write>();

  add(affected: readonly AffectedPath[], nowMs = Date.now()): void {
    for (const path of affected) this.#put({ affected: path, atMs: nowMs });
    this.#prune(nowMs);
    if (this.#writes.size > MOST_PATHS) this.#collapse(nowMs);
  }

  /** The content of this file is on the mirror's disk; whether its name is, a flush of the file doesn't say. */
  flushed(path: TreePath): void {
    for (const [key, { affected }] of this.#writes) {
      if (affected.kind === 'extent' && affected.path === path) this.#writes.delete(key);
    }
  }

  list(nowMs = Date.now()): AffectedPath[] {
    this.#prune(nowMs);
    return underNewNames([...this.#writes.values()].map(({ affected }) => affected));
  }

  #put(write: Write): void {
    const key = keyOf(write.affected);
    this.#writes.delete(key);
    this.#writes.set(key, write);
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
    for (const path of few ? directories : [ROOT])
      this.#put({ affected: { kind: 'tree', path }, atMs: nowMs });
  }
}

function directoriesOf(affected: AffectedPath): TreePath[] {
  if (affected.kind === 'move') return [parentOf(affected.path), parentOf(affected.to)];
  return [affected.kind === 'tree' || affected.kind === 'children' ? affected.path : parentOf(affected.path)];
}
