import type { Cancellation } from '../base/cancellation.ts';
import type { Logger } from '../base/logger.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { Excludes } from '../filesystem/excludes.ts';
import { includedPart } from '../filesystem/included-part.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { MirrorTree } from '../filesystem/mirror-tree.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';
import type { OwnGround } from '../mirror/ground.ts';
import { Mirror } from '../mirror/mirror.ts';
import { Reconciler, type WithLock } from '../resync/reconciler.ts';
import type { PathLocks } from '../transaction/path-locks.ts';
import type { LeaseTimes } from './lease.ts';
import { MirrorLease } from './mirror-lease.ts';
import { MirrorSet } from './mirror-set.ts';
import type { ReplicaIdentity } from './replica-identity.ts';
import { SyncedMirror } from './synced-mirror.ts';

interface MirrorContext {
  readonly journal: Journal;
  /** Without what is excluded. */
  readonly local: LocalTree;
  readonly excludes: Excludes;
  readonly identity: ReplicaIdentity;
  readonly locks: PathLocks;
  readonly own: OwnGround;
  readonly leaseTimes: LeaseTimes;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** The mirrors of the configuration, and how further ones are made. */
export function mirrorSetFor(
  configurations: readonly MirrorConfiguration[],
  context: MirrorContext,
): MirrorSet {
  return new MirrorSet({
    configurations,
    make: (config) => mirrorFor(config, context),
    locks: context.locks,
  });
}

/** One mirror of the configuration with all that belongs to it, not started yet. */
function mirrorFor(config: MirrorConfiguration, context: MirrorContext): SyncedMirror {
  const { journal, local, excludes, identity, locks, own, timeoutMs, logger } = context;
  const stale = journal.staleSet(config.name);
  const markAllStale = async () => {
    stale.mark([{ kind: 'tree', path: ROOT }]);
    await journal.flushed();
  };
  const admit = async (ground: Promise<void>) => {
    const isNew = !journal.mirror(config.name);
    await identity.admit({ mirror: config.name, tree, lease, ground, markAllStale });
    // Making the reserved directory has set the mtime of the root there.
    if (isNew) stale.mark([{ kind: 'attributes', path: ROOT }]);
  };
  const lapsed = () => lease.lapse;
  const mirror: Mirror = new Mirror({ config, own, timeoutMs, logger, admit, lapsed });
  const tree = includedPart(mirror.tree, excludes);
  const lease = leaseFor(mirror, tree, context);
  const reconciler = new Reconciler({
    local,
    mirror: tree,
    stale,
    withLock: lockingWith(locks),
    logger,
    bandwidthLimit: config.bandwidthLimit,
    roundTripMs: () => mirror.link.rttMs?.p50,
  });
  return new SyncedMirror({
    mirror,
    tree,
    lease,
    stale,
    reconciler,
    timeoutMs,
    detachment: journal.detachment(config.name),
    lastScrubs: journal.lastScrubs(config.name),
  });
}

function leaseFor(
  mirror: Mirror,
  tree: MirrorTree,
  { journal, identity, leaseTimes, logger }: MirrorContext,
): MirrorLease {
  return new MirrorLease({
    mirror: mirror.name,
    tree,
    owner: identity.owner,
    count: {
      known: journal.mirror(mirror.name)?.renewals ?? 0,
      note: (renewals) => journal.noteRenewals(mirror.name, renewals),
    },
    times: leaseTimes,
    logger,
    onLost: (error) => mirror.fence(error),
  });
}

function lockingWith(locks: PathLocks): WithLock {
  return async <T>(affected: AffectedPath, cancellation: Cancellation, work: () => Promise<T>) => {
    const lock = { path: affected.path, subtree: affected.kind !== 'attributes' };
    const release = await locks.acquire([lock], cancellation);
    try {
      return await work();
    } finally {
      release();
    }
  };
}
