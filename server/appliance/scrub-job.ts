import type { JobRequest } from '../../shared/jobs.ts';
import { AppError } from '../base/errors.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import type { CompareMode } from '../resync/comparison.ts';
import { checkRemovals, compare, repairStale } from './comparison-run.ts';
import type { Job } from './job.ts';
import { scrubGround, type ScrubContext } from './scrub-ground.ts';
import type { SyncedMirror } from './synced-mirror.ts';

type ScrubRequest = Extract<JobRequest, { type: 'scrub' }>;

/** Compares mirrors with the local tree and, where asked to, makes them equal, but for what may be local damage. */
export async function scrubMirrors(
  job: Job,
  request: ScrubRequest,
  mirrors: readonly SyncedMirror[],
  context: ScrubContext,
): Promise<void> {
  for (const synced of mirrors) {
    if (synced.mirror.linkState === 'up') await scrubMirror(job, request, synced, context);
    else if (mirrors.length === 1) throw unreachable(synced);
    else job.problem(synced.name, { path: ROOT, error: unreachable(synced) });
  }
}

async function scrubMirror(
  job: Job,
  request: ScrubRequest,
  synced: SyncedMirror,
  context: ScrubContext,
): Promise<void> {
  const ground = scrubGround(synced, context, job);
  const path = treePath(request.path);
  const { tally, divergences } = await compare(job, synced.name, ground, { path, mode: request.compare });
  if (path === ROOT) await noteScrub(synced, request.compare, divergences.count, context);
  if (!request.repair) return;
  checkRemovals(synced.name, tally, request.confirm);
  const wrongThere = divergences.items.filter(({ isLocalSuspected }) => !isLocalSuspected);
  await repairStale(
    job,
    synced,
    wrongThere.map(({ affected }) => affected),
  );
  if (path === ROOT) await noteScrub(synced, request.compare, divergences.count - wrongThere.length, context);
}

async function noteScrub(
  synced: SyncedMirror,
  compare: CompareMode,
  left: number,
  { setLastScrubs }: ScrubContext,
): Promise<void> {
  const nowMs = Date.now();
  const byContent = compare === 'content' && { contentScrubbedAtMs: nowMs };
  const scrubs = { ...synced.lastScrubs, scrubbedAtMs: nowMs, ...byContent, left };
  await setLastScrubs(synced.name, scrubs);
  synced.scrubbed(scrubs);
}

function unreachable({ name }: SyncedMirror): AppError {
  return new AppError('MIRROR_UNREACHABLE', `${name} is not connected`);
}
