import type { JobRequest } from '../../shared/jobs.ts';
import { AppError, asAppError } from '../base/errors.ts';
import { orAbort } from '../base/wait.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { checkRemovals, compare, type Findings, repairStale } from './comparison-run.ts';
import type { Job } from './job.ts';
import type { ReplicaIdentity } from './replica-identity.ts';
import { scrubGround, type ScrubContext } from './scrub-ground.ts';
import type { SyncedMirror } from './synced-mirror.ts';

/** An attempt to connect that was under way already may not have heard of the adoption. */
const CONNECTION_ATTEMPTS = 3;

export interface ResyncJobContext extends ScrubContext {
  readonly identity: ReplicaIdentity;
}

type ResyncRequest = Extract<JobRequest, { type: 'resync' }>;

/** Makes a mirror, or a part of it, equal to the local tree, also by removing what only the mirror has. */
export async function resyncMirror(
  job: Job,
  request: ResyncRequest,
  synced: SyncedMirror,
  context: ResyncJobContext,
): Promise<void> {
  if (synced.mirror.linkState === 'up') return resync(job, request, synced, context);
  if (request.adopt) return adopt(job, request, synced, context);
  const { reason } = synced.mirror.link;
  throw new AppError(
    reason?.code ?? 'MIRROR_UNREACHABLE',
    reason?.message ?? `${synced.name} is not connected`,
  );
}

async function resync(
  job: Job,
  request: ResyncRequest,
  synced: SyncedMirror,
  context: ResyncJobContext,
): Promise<void> {
  const { tally, divergences } = await findings(job, request, synced, context);
  if (request.dryRun) return;
  checkRemovals(synced.name, tally, request.confirm);
  const everything = { kind: 'tree', path: treePath(request.path) } as const;
  const found = divergences.items.map(({ affected }) => affected);
  await repairStale(job, synced, divergences.leftOut > 0 ? [everything] : found);
  const { lastScrubs } = synced;
  if (request.path !== ROOT || !lastScrubs?.left) return;
  const scrubs = { ...lastScrubs, left: 0 };
  await context.setLastScrubs(synced.name, scrubs);
  synced.scrubbed(scrubs);
}

function findings(
  job: Job,
  request: ResyncRequest,
  synced: SyncedMirror,
  context: ResyncJobContext,
): Promise<Findings> {
  const ground = scrubGround(synced, context, job);
  return compare(job, synced.name, ground, { path: treePath(request.path), mode: request.compare });
}

/** Has the mirror connect once more, and be let in if what that takes is meant; it is made equal after that. */
async function adopt(
  job: Job,
  request: ResyncRequest,
  synced: SyncedMirror,
  context: ResyncJobContext,
): Promise<void> {
  if (request.path !== ROOT) throw new AppError('REQUEST_INVALID', 'a mirror is adopted as a whole');
  let considered: Findings | undefined;
  const takeBack = context.identity.adoptIf(synced.name, async () => {
    considered = await findings(job, request, synced, context);
    if (request.dryRun) return false;
    return request.confirm || !considered.tally.isMassRemoval;
  });
  try {
    await orAbort(
      connected(synced, () => considered !== undefined),
      job.signal,
    );
  } catch (thrown) {
    if (!considered || asAppError(thrown).code !== 'ADOPTION_NEEDED') throw thrown;
    if (request.dryRun) return;
    checkRemovals(synced.name, considered.tally, request.confirm);
    throw thrown;
  } finally {
    takeBack();
  }
  job.progress.repairs(0, () => synced.reconciler.sentBytes);
  await orAbort(synced.caughtUp(), job.signal);
}

async function connected({ mirror }: SyncedMirror, isConsidered: () => boolean): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    mirror.reconnectNow();
    try {
      return await mirror.connected();
    } catch (thrown) {
      const isHopeless = isConsidered() || asAppError(thrown).code !== 'ADOPTION_NEEDED';
      if (isHopeless || attempt >= CONNECTION_ATTEMPTS) throw thrown;
    }
  }
}
