import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileTree } from '../filesystem/file-tree.ts';

/** A mirror as the coordinator sees it. Whether it takes part is asked once a transaction, with the paths locked. */
export interface Participant {
  readonly name: string;
  readonly tree: FileTree;
  /** Whether a transaction must not commit without it: configured so, and not detached. */
  readonly required: boolean;
  /** Whether it can be counted on now: linked and in sync. */
  readonly inSync: boolean;
  /** Grows each time that a path is marked: tells whether a repair may have gone on in between. */
  readonly marks: number;
  /** A full schedule of attempts has failed since it was last up: no further caller waits through another. */
  readonly knownDown: boolean;

  /**
   * Resolves when the mirror is linked and in sync. Callers share one attempt to reconnect, and wait for a
   * short catch-up; rejects with what is in the way when that takes longer than one attempt may.
   */
  ready(): Promise<void>;
  /** A whole schedule of attempts has failed. */
  gaveUp(): void;
  /** Marks paths that are wrong on this mirror and may be repaired at once. */
  mark(affected: readonly AffectedPath[]): void;
  /**
   * A request to these paths was never answered, and may still be worked off there, however late: they are
   * compared once more when that can hardly happen any longer.
   */
  suspect(affected: readonly AffectedPath[]): void;
  /** These paths are about to be changed there: for a while the server may lose them again with its power. */
  touched(affected: readonly AffectedPath[]): void;
  /** The server has put the content of this file on its disk, where it can do that. */
  flushed(path: AffectedPath['path']): void;
  /** Marks paths that a transaction under way leaves wrong, or may leave wrong, on this mirror. */
  markHeld(affected: readonly AffectedPath[]): HeldMark;
}

/** Stale paths that wait for the end of their transaction: exactly one of the two is called, once. */
export interface HeldMark {
  /** The paths stay stale and may be repaired from now on. */
  release(): void;
  /** The transaction has put the paths right itself: what it marked is taken back, what was stale before stays. */
  clear(): void;
}

/** Makes one path of a mirror equal to the local one, with the path locked by the caller. */
export interface Repairer {
  repair(participant: Participant, affected: AffectedPath, compare: 'quick' | 'content'): Promise<void>;
  /** The same for a range of a file's content, reading before writing. */
  repairRange(
    participant: Participant,
    range: { path: AffectedPath['path']; offset: number; lengthBytes: number },
  ): Promise<void>;
}
