import { randomBytes } from 'node:crypto';
import type { JobItems, JobRequest, JobStarter, JobView } from '../../shared/jobs.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { treePath } from '../filesystem/tree-path.ts';
import type { JobControl } from './control-plane.ts';
import type { EventRing } from './event-ring.ts';
import { Job } from './job.ts';
import { resyncMirror, type ResyncJobContext } from './resync-job.ts';
import { scrubMirrors, type ScrubJobContext } from './scrub-job.ts';
import type { SyncedMirror } from './synced-mirror.ts';

const KEPT = 50;
const PROGRESS_MS = 1000;

export interface JobsOptions extends ScrubJobContext, ResyncJobContext {
  readonly ring: EventRing;
  readonly logger: Logger;
}

/** The resyncs and scrubs of this run: at most one on a mirror at a time, the last of them kept to be looked at. */
export class Jobs implements JobControl {
  readonly #options: JobsOptions;
  readonly #jobs: Job[] = [];
  readonly #underWay = new Map<Job, Promise<void>>();
  readonly #idPrefix = randomBytes(4).toString('hex');
  #nextId = 1;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Throws RESOURCE_NOT_FOUND for an unknown mirror, BUSY where another job is at it. */
  start(request: JobRequest, startedBy: JobStarter = 'operator'): JobView {
    // What is no path is refused before a job begins.
    treePath(request.path);
    const mirrors = this.#mirrorsOf(request);
    if ([...this.#underWay.keys()].some((job) => overlap(job.request, request)))
      throw new AppError('BUSY', 'another job is at work on this mirror');
    const job = new Job(`job-${this.#idPrefix}-${this.#nextId++}`, request, startedBy);
    this.#jobs.unshift(job);
    this.#jobs.splice(KEPT);
    this.#underWay.set(job, this.#run(job, mirrors));
    return job.view();
  }

  /** Newest first. */
  list(): JobView[] {
    return this.#jobs.map((job) => job.view());
  }

  find(id: string): JobView | undefined {
    return this.#jobs.find((job) => job.id === id)?.view();
  }

  items(id: string): JobItems | undefined {
    return this.#jobs.find((job) => job.id === id)?.items();
  }

  /** Throws ALREADY_DECIDED when it is over. */
  change(id: string, change: 'pause' | 'resume' | 'cancel'): JobView {
    const job = this.#jobs.find((each) => each.id === id);
    if (!job) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such job');
    job[change]();
    this.#options.ring.emit('job.progress', job.view());
    return job.view();
  }

  async stop(): Promise<void> {
    for (const job of this.#underWay.keys()) if (!job.signal.aborted) job.cancel();
    await Promise.all(this.#underWay.values());
  }

  async #run(job: Job, mirrors: readonly SyncedMirror[]): Promise<void> {
    const { ring, logger } = this.#options;
    const { startedBy } = job;
    ring.emit('job.started', job.view());
    logger.info('job-started', { id: job.id, startedBy, ...job.request });
    const timer = setInterval(() => ring.emit('job.progress', job.view()), PROGRESS_MS);
    await job.run(() => this.#work(job, mirrors));
    clearInterval(timer);
    this.#underWay.delete(job);
    const { id, state, divergences, localSuspected, problems, repaired, error } = job.view();
    ring.emit('job.ended', job.view());
    logger.info('job-ended', { id, state, divergences, localSuspected, problems, repaired, error });
  }

  async #work(job: Job, mirrors: readonly SyncedMirror[]): Promise<void> {
    const { request } = job;
    if (request.type === 'scrub') return scrubMirrors(job, request, mirrors, this.#options);
    for (const synced of mirrors) await resyncMirror(job, request, synced, this.#options);
  }

  #mirrorsOf({ mirror }: JobRequest): readonly SyncedMirror[] {
    const wanted = this.#options.mirrors.all.filter(({ name }) => mirror === undefined || name === mirror);
    if (wanted.length === 0) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such mirror');
    return wanted;
  }
}

function overlap(a: JobRequest, b: JobRequest): boolean {
  return a.mirror === undefined || b.mirror === undefined || a.mirror === b.mirror;
}
