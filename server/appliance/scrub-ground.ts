import type { FileStat } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { LastScrubs } from '../journal/journal-record.ts';
import { LinkGroups } from '../resync/link-groups.ts';
import type { ScrubGround } from '../resync/scrub.ts';
import { Throttle } from '../resync/throttle.ts';
import type { Witness } from '../resync/witness.ts';
import { sharedInodeOf } from '../transaction/local-check.ts';
import type { PathLocks } from '../transaction/path-locks.ts';
import type { Job } from './job.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { SyncedMirror } from './synced-mirror.ts';

export interface ScrubContext {
  readonly local: LocalTree;
  readonly mirrors: MirrorSet;
  readonly locks: PathLocks;
  /** See `Settling.lags`. */
  readonly mtimeLags: (path: TreePath) => boolean;
  /** Bytes per second that a scrub reads from a mirror. */
  readonly rateLimit: number | undefined;
  /** Durably. */
  readonly setLastScrubs: (mirror: string, scrubs: LastScrubs) => Promise<void>;
}

/** What a scrub of this mirror may ask: which paths are being changed, are stale, or lag. */
export function scrubGround(
  synced: SyncedMirror,
  { local, mirrors, locks, mtimeLags, rateLimit }: ScrubContext,
  job: Job,
): ScrubGround {
  const ownLimit = job.request.type === 'scrub' ? rateLimit : undefined;
  const reading = new Throttle(ownLimit);
  const line = new Throttle(synced.mirror.config.bandwidthLimit);
  const groups = new LinkGroups(local);
  // What is missing locally has one name.
  const namesOf = (path: TreePath) => groups.namesOf(path).catch(() => [path]);
  const witness = (mirror: SyncedMirror): Witness => ({
    tree: mirror.tree,
    isPending: async (path) => (await namesOf(path)).some((name) => mirror.stale.covers(name)),
  });
  const { capabilities } = synced.mirror.link;
  const isOther = (mirror: SyncedMirror) => mirror !== synced && mirror.mirror.linkState === 'up';
  return {
    local,
    mirror: witness(synced),
    namesOf,
    kept: { owners: capabilities?.owners ?? false, symlinkAttributes: capabilities?.lsetstat ?? false },
    others: () => mirrors.all.filter(isOther).map(witness),
    withLock: (path, work) => underAllNames(path, { local, locks }, work),
    mtimeLags: async (path, here: FileStat) => {
      const names = here.type === 'file' ? await namesOf(path) : [path];
      return names.some(mtimeLags);
    },
    turn: async (path, readBytes, carriedBytes) => {
      await job.turn(path);
      if (readBytes > 0) await reading.take(readBytes, job.signal);
      if (carriedBytes > 0) await line.take(carriedBytes, job.signal);
    },
  };
}

async function underAllNames<T>(
  path: TreePath,
  { local, locks }: Pick<ScrubContext, 'local' | 'locks'>,
  work: () => Promise<T>,
): Promise<T> {
  const release = await locks.acquire([{ path, subtree: false }]);
  try {
    const stat = await local.lstat(path).catch(() => undefined);
    const inodes = stat ? sharedInodeOf(stat) : [];
    const releaseInode = await locks.acquire(inodes.map((inode) => ({ inode })));
    try {
      return await work();
    } finally {
      releaseInode();
    }
  } finally {
    release();
  }
}
