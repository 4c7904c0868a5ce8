import type { JobView } from '../../shared/jobs.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { Need } from './need.ts';

/** The jobs that have failed, until a later one is at the same. `jobs`: newest first; `mirrors`: those there are. */
export function jobNeeds(jobs: readonly JobView[], mirrors: readonly string[]): readonly Need[] {
  return jobs
    .filter((job, index) => {
      const isThere = job.mirror === null || mirrors.includes(job.mirror);
      return isThere && job.state === 'failed' && !jobs.slice(0, index).some((later) => covers(later, job));
    })
    .map(needOf);
}

function covers(later: JobView, job: JobView): boolean {
  const sameMirror = later.mirror === null || later.mirror === job.mirror;
  return later.type === job.type && sameMirror && (later.path === ROOT || later.path === job.path);
}

function needOf({ id, type, mirror, path, startedAt, endedAt = startedAt, error }: JobView): Need {
  const of = mirror ?? 'all mirrors';
  return {
    id: `job/${id}`,
    job: id,
    severity: 'warning',
    code: error?.code ?? 'BUG',
    message: `the ${type} of ${path} on ${of} has failed: ${error?.message ?? 'nobody knows why'}`,
    openedAt: endedAt,
  };
}
