import { AppError } from '../base/errors.ts';
import { orAbort } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { CompareMode } from '../resync/comparison.ts';
import type { Divergence } from '../resync/divergence.ts';
import { Scrub, type ScrubGround } from '../resync/scrub.ts';
import type { Tally } from '../resync/tally.ts';
import { CappedList } from './capped-list.ts';
import type { Job } from './job.ts';
import type { SyncedMirror } from './synced-mirror.ts';

/** So many findings of one mirror are remembered to be repaired. */
const MOST_REPAIRS = 10_000;
/** Marked at a time: in between a required mirror is in sync, and writers go on. */
const BATCH = 256;

/** What a comparison found. */
export interface Findings {
  readonly tally: Tally;
  readonly divergences: CappedList<Divergence>;
}

export async function compare(
  job: Job,
  mirror: string,
  ground: ScrubGround,
  { path, mode }: { path: TreePath; mode: CompareMode },
): Promise<Findings> {
  const divergences = new CappedList<Divergence>(MOST_REPAIRS);
  const scrub = new Scrub(ground, mode, {
    found: (divergence) => {
      divergences.push(divergence);
      job.found(mirror, divergence);
    },
    unreadable: (problem) => job.problem(mirror, problem),
  });
  job.progress.compares(scrub.tally);
  await scrub.run(path);
  return { tally: scrub.tally, divergences };
}

/** Throws CONFIRMATION_NEEDED where very much would be removed and nobody has said that it is meant. */
export function checkRemovals(
  mirror: string,
  { isMassRemoval, removals, held }: Tally,
  confirmed: boolean,
): void {
  if (confirmed || !isMassRemoval) return;
  throw new AppError(
    'CONFIRMATION_NEEDED',
    `${removals} of the ${held} entries compared on ${mirror} would be removed: confirm (--yes) if that is meant`,
  );
}

/** Marks what differs as stale, some at a time, and waits for the reconciler to put it right. */
export async function repairStale(
  job: Job,
  synced: SyncedMirror,
  affected: readonly AffectedPath[],
): Promise<void> {
  job.progress.repairs(affected.length, () => synced.reconciler.sentBytes);
  for (let start = 0; start < affected.length; start += BATCH) {
    const batch = affected.slice(start, start + BATCH);
    await job.turn(batch[0]?.path);
    synced.mark(batch);
    await orAbort(synced.caughtUp(), job.signal);
    job.progress.repaired(batch.length);
  }
}
