import type { JobControl } from '../appliance/control-plane.ts';
import { AppError } from '../base/errors.ts';
import type { JobItems, JobRequest, JobView } from '../../shared/jobs.ts';

/** Jobs that do nothing but what a test says, by the rules of the port. */
export class MemoryJobs implements JobControl {
  readonly views = new Map<string, JobView>();
  readonly requests: JobRequest[] = [];
  /** What each job begins as; by default it is done at once. */
  begins: Partial<JobView> = { state: 'done', endedAt: '2024-05-01T10:00:01.000Z' };
  found: JobItems = { divergences: [], divergencesLeftOut: 0, problems: [], problemsLeftOut: 0 };

  start(request: JobRequest): JobView {
    if (request.mirror === 'nobody') throw new AppError('RESOURCE_NOT_FOUND', 'there is no such mirror');
    this.requests.push(request);
    const id = `job-${this.requests.length}`;
    const { type, mirror = null, path } = request;
    const view: JobView = { ...JOB, id, type, mirror, path, ...this.begins };
    this.views.set(id, view);
    return view;
  }

  list(): JobView[] {
    return [...this.views.values()].reverse();
  }

  find(id: string): JobView | undefined {
    return this.views.get(id);
  }

  items(id: string): JobItems | undefined {
    return this.views.has(id) ? this.found : undefined;
  }

  change(id: string, change: 'pause' | 'resume' | 'cancel'): JobView {
    const view = this.views.get(id);
    if (!view) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such job');
    if (view.endedAt !== undefined) throw new AppError('ALREADY_DECIDED', 'the job is over');
    const state = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const;
    const changed = { ...view, state: state[change] };
    this.views.set(id, changed);
    return changed;
  }
}

const JOB: JobView = {
  id: 'job-1',
  type: 'scrub',
  mirror: null,
  path: '/',
  compare: 'quick',
  repairs: false,
  state: 'running',
  phase: 'comparing',
  startedBy: 'operator',
  restarts: 0,
  startedAt: '2024-05-01T10:00:00.000Z',
  currentPath: null,
  entries: 10,
  comparedBytes: 0,
  total: null,
  divergences: 0,
  localSuspected: 0,
  problems: 0,
  unknownLinks: 0,
  plan: { copies: 0, copyBytes: 0, changes: 0, removals: 0 },
  repaired: { paths: 0, bytes: 0 },
  entriesPerSecond: null,
  bytesPerSecond: null,
  etaSeconds: null,
};
