import { keyOf, type AffectedPath } from '../filesystem/affected-path.ts';
import { ROOT } from '../filesystem/tree-path.ts';

/** How long after the link is back a request of the lost session may still be worked off there. */
const LATE_MS = 10_000;
const MOST_PATHS = 10_000;

/**
 * Paths of requests whose connection was lost before they were answered. A server that was only frozen, or cut off,
 * may work them off when it goes on, after everything that was repaired or repeated over the next connection. So
 * their paths are looked at once more when that can hardly happen any longer.
 */
export class Suspects {
  readonly #paths = new Map<string, AffectedPath>();
  readonly #mark: (affected: readonly AffectedPath[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #linked = false;

  /** `mark` makes paths stale, to be compared by content. */
  constructor(mark: (affected: readonly AffectedPath[]) => void) {
    this.#mark = mark;
  }

  add(affected: readonly AffectedPath[]): void {
    for (const path of affected) this.#paths.set(keyOf(path), path);
    if (this.#paths.size > MOST_PATHS) {
      const everything: AffectedPath = { kind: 'tree', path: ROOT };
      this.#paths.clear();
      this.#paths.set(keyOf(everything), everything);
    }
    this.#arm();
  }

  set linked(linked: boolean) {
    if (linked === this.#linked) return;
    this.#linked = linked;
    this.#arm();
  }

  /** Whoever comes after is to look at them, sooner than would be best. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#markAll();
  }

  /** Each loss and each new suspect begins the wait anew. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#linked || this.#paths.size === 0) return;
    this.#timer = setTimeout(() => this.#markAll(), LATE_MS);
    this.#timer.unref();
  }

  #markAll(): void {
    const paths = [...this.#paths.values()];
    this.#paths.clear();
    if (paths.length > 0) this.#mark(paths);
  }
}
