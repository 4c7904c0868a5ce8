import type { FileStat } from '../filesystem/file-tree.ts';
import type { Divergence, Sides } from './divergence.ts';
import type { Pair } from './tree-walk.ts';

/** Below so many removals nobody is asked. */
const ALWAYS_REMOVED = 50;
const MOST_REMOVED = 1000;
const MOST_REMOVED_SHARE = 0.2;

/** What a comparison has seen, and what making the mirror equal would take there. */
export class Tally {
  entries = 0;
  comparedBytes = 0;
  /** Entries that the mirror holds. */
  held = 0;
  copies = 0;
  copyBytes = 0;
  changes = 0;
  removals = 0;
  /** Files of which it can't be told whether they have the right names. */
  unknownLinks = 0;

  see(pair: Pair): void {
    this.entries += 1;
    if (pair.there) this.held += 1;
    if (!pair.isBelow) return;
    if (pair.here) this.#copy(pair.here);
    else this.removals += 1;
  }

  /** A finding; what is below a directory that comes or goes with it is seen by itself. */
  find({ affected }: Divergence, { here, there }: Sides): void {
    if (there && here?.type !== there.type) this.removals += 1;
    if (affected.kind === 'attributes') this.changes += 1;
    else if (here) this.#copy(here);
  }

  /** Whether the removals are so many that somebody has to say that they are meant. */
  get isMassRemoval(): boolean {
    const share = Math.max(ALWAYS_REMOVED, this.held * MOST_REMOVED_SHARE);
    return this.removals > Math.min(MOST_REMOVED, share);
  }

  #copy(here: FileStat): void {
    this.copies += 1;
    if (here.type === 'file') this.copyBytes += here.sizeBytes;
  }
}
