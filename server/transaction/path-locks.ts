import type { Cancellation } from '../base/cancellation.ts';
import { orAbort } from '../base/wait.ts';
import { isWithin, type TreePath } from '../filesystem/tree-path.ts';

/** One thing to lock: a name, a name with all below it, or a file under whatever names it has. */
export type Lock = { readonly path: TreePath; readonly subtree: boolean } | { readonly inode: string };

export type Release = () => void;

interface Claim {
  readonly locks: readonly Lock[];
  readonly grant: () => void;
}

/**
 * Exclusive locks on paths. A claim takes all its locks at once or none, in the order of arrival: whoever
 * conflicts with an earlier claim waits behind it, so nobody starves and no two claims wait for each other.
 * The claims of a mount are as many as the requests under way, so they are simply compared one by one.
 *
 * Claims on an inode are made while holding one on a path, never the other way round.
 */
export class PathLocks {
  readonly #held = new Set<Claim>();
  readonly #waiting = new Set<Claim>();

  /** Resolves with the release once the locks are held; rejects with the reason of the cancellation, holding nothing. */
  async acquire(locks: readonly Lock[], cancellation?: Cancellation): Promise<Release> {
    let grant = () => {};
    const granted = new Promise<void>((resolve) => (grant = resolve));
    const claim: Claim = { locks, grant };
    const release = () => this.#drop(claim);
    const isFree =
      !this.#conflictsWithAny(claim, this.#held) && !this.#conflictsWithAny(claim, this.#waiting);
    if (isFree && !cancellation?.reason) {
      this.#held.add(claim);
      return release;
    }
    this.#waiting.add(claim);
    try {
      await orAbort(granted, cancellation?.signal);
    } catch (reason) {
      release();
      throw reason;
    }
    return release;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  #drop(claim: Claim): void {
    if (!this.#held.delete(claim) && !this.#waiting.delete(claim)) return;
    if (this.#waiting.size > 0) this.#grantWhatFits();
  }

  #grantWhatFits(): void {
    const ahead: Claim[] = [];
    for (const claim of this.#waiting) {
      if (this.#conflictsWithAny(claim, this.#held) || this.#conflictsWithAny(claim, ahead))
        ahead.push(claim);
      else {
        this.#waiting.delete(claim);
        this.#held.add(claim);
        claim.grant();
      }
    }
  }

  #conflictsWithAny(claim: Claim, others: Iterable<Claim>): boolean {
    for (const other of others) {
      if (claim.locks.some((mine) => other.locks.some((theirs) => conflict(mine, theirs)))) return true;
    }
    return false;
  }
}

function conflict(a: Lock, b: Lock): boolean {
  if ('inode' in a || 'inode' in b) return 'inode' in a && 'inode' in b && a.inode === b.inode;
  return (
    a.path === b.path || (a.subtree && isWithin(b.path, a.path)) || (b.subtree && isWithin(a.path, b.path))
  );
}
