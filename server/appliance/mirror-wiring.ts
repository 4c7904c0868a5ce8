import type { Logger } from '../base/logger.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { Journal } from '../journal/journal.ts';
import { Mirror } from '../mirror/mirror.ts';
import { Reconciler, type WithLock } from '../resync/reconciler.ts';
import type { PathLocks } from '../transaction/path-locks.ts';
import type { ReplicaIdentity } from './replica-identity.ts';
import { SyncedMirror } from './synced-mirror.ts';

export interface MirrorContext {
  readonly journal: Journal;
  readonly local: LocalTree;
  readonly identity: ReplicaIdentity;
  readonly locks: PathLocks;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** One mirror of the configuration with all that belongs to it, not started yet. */
export function mirrorFor(config: MirrorConfiguration, context: MirrorContext): SyncedMirror {
  const { journal, local, identity, locks, timeoutMs, logger } = context;
  const stale = journal.staleSet(config.name);
  const markAllStale = async () => {
    stale.mark([{ kind: 'tree', path: ROOT }]);
    await journal.flushed();
  };
  const admit = async () => {
    const isNew = !journal.knows(config.name);
    await identity.admit(config.name, mirror.tree, markAllStale);
    // Making the reserved directory has set the mtime of the root there.
    if (isNew) stale.mark([{ kind: 'attributes', path: ROOT }]);
  };
  const mirror: Mirror = new Mirror({ config, timeoutMs, logger, admit });
  const withLock = lockingWith(locks);
  const { bandwidthLimit } = config;
  const reconciler = new Reconciler({ local, mirror: mirror.tree, stale, withLock, logger, bandwidthLimit });
  return new SyncedMirror({
    mirror,
    stale,
    reconciler,
    timeoutMs,
    detachment: journal.detachment(config.name),
    scrubbedAtMs: journal.scrubbedAtMs(config.name),
  });
}

function lockingWith(locks: PathLocks): WithLock {
  return async <T>(affected: AffectedPath, work: () => Promise<T>) => {
    const release = await locks.acquire([{ path: affected.path, subtree: affected.kind !== 'attributes' }]);
    try {
      return await work();
    } finally {
      release();
    }
  };
}
