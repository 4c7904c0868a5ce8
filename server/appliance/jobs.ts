import { randomBytes } from 'node:crypto';
import type { JobItems, JobRequest, JobStarter, JobView } from '../../shared/jobs.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { sleep } from '../base/wait.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { treeSizeOf } from '../resync/tree-size.ts';
import type { JobControl } from './control-plane.ts';
import type { EventRing } from './event-ring.ts';
import { Job } from './job.ts';
import type { JobFiles, JobRecord } from './job-files.ts';
import { resyncMirror, type ResyncJobContext } from './resync-job.ts';
import { scrubMirrors } from './scrub-job.ts';
import type { SyncedMirror } from './synced-mirror.ts';
import { reasonOf, timeOf } from './views.ts';

const KEPT = 50;
const PROGRESS_MS = 1000;
const KEEP_MS = 10_000;
/** So long a job that is begun anew after a start waits for its mirrors. */
const LINK_LIMIT_MS = 60_000;
const LOOK_MS = 100;

export interface JobsOptions extends ResyncJobContext {
  readonly ring: EventRing;
  readonly logger: Logger;
  readonly files: JobFiles;
  /** Of earlier runs, newest first. */
  readonly kept: readonly JobRecord[];
}

/** One of this run, or what is kept of one. */
interface ListedJob {
  readonly id: string;
  view(): JobView;
  items(): JobItems;
}

/** The resyncs and scrubs: at most one on a mirror at a time, the last of them kept to be looked at. */
export class Jobs implements JobControl {
  readonly #options: JobsOptions;
  readonly #jobs: ListedJob[];
  readonly #underWay = new Map<Job, Promise<void>>();
  readonly #idPrefix = randomBytes(4).toString('hex');
  #nextId = 1;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#jobs = options.kept.map(keptJob);
    this.#prune();
  }

  /** Begins anew what the last run has left in the middle, or ends it where that may not be wanted any more. */
  takeUp(): void {
    for (const record of this.#options.kept.toReversed()) {
      if (record.view.endedAt !== undefined) continue;
      const job = this.#begunAnew(record) ?? keptJob(interrupted(record));
      this.#jobs[this.#jobs.findIndex(({ id }) => id === record.view.id)] = job;
      this.#keep(job, record.request);
    }
  }

  /** Throws RESOURCE_NOT_FOUND for an unknown mirror, BUSY where another job is at it. */
  start(request: JobRequest, startedBy: JobStarter = 'operator'): JobView {
    // What is no path is refused before a job begins.
    treePath(request.path);
    const mirrors = this.#mirrorsOf(request);
    if (mirrors.length === 0) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such mirror');
    if ([...this.#underWay.keys()].some((job) => overlap(job.request, request)))
      throw new AppError('BUSY', 'another job is at work on this mirror');
    const id = `job-${this.#idPrefix}-${this.#nextId++}`;
    const origin = { id, request, startedBy, startedAtMs: Date.now(), restarts: 0 };
    const job = new Job(origin, { mirrors: mirrors.length, onState: (changed) => this.#changed(changed) });
    this.#jobs.unshift(job);
    this.#prune();
    this.#begin(job, mirrors);
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
    if (!(job instanceof Job)) throw new AppError('ALREADY_DECIDED', 'the job is over');
    job[change]();
    return job.view();
  }

  /** What isn't over is begun anew by the next start. */
  async stop(): Promise<void> {
    for (const job of this.#underWay.keys()) job.giveUp();
    await Promise.all(this.#underWay.values());
    await this.#options.files.written();
  }

  /** undefined where it was asked for by somebody who waits no more, or where its mirror is gone. */
  #begunAnew({ request, view }: JobRecord): Job | undefined {
    const mirrors = this.#mirrorsOf(request);
    const isOnce = request.type === 'resync' && (request.dryRun || request.adopt);
    if (isOnce || mirrors.length === 0) return undefined;
    const { id, startedBy, startedAt, restarts, state } = view;
    const origin = { id, request, startedBy, startedAtMs: Date.parse(startedAt), restarts: restarts + 1 };
    const job = new Job(origin, { mirrors: mirrors.length, onState: (changed) => this.#changed(changed) });
    if (state !== 'running') job.pause();
    this.#begin(job, mirrors);
    return job;
  }

  #begin(job: Job, mirrors: readonly SyncedMirror[]): void {
    this.#underWay.set(job, this.#run(job, mirrors));
  }

  async #run(job: Job, mirrors: readonly SyncedMirror[]): Promise<void> {
    const { ring, logger } = this.#options;
    const { startedBy, restarts } = job.view();
    logger.info('job-started', { id: job.id, startedBy, restarts, ...job.request });
    this.#changed(job);
    this.#measure(job);
    const timers = [
      setInterval(() => ring.emit('job.progress', job.view()), PROGRESS_MS),
      setInterval(() => this.#keep(job, job.request), KEEP_MS),
    ];
    await job.run(() => this.#work(job, mirrors));
    for (const timer of timers) clearInterval(timer);
    this.#underWay.delete(job);
    const { id, state, divergences, localSuspected, problems, repaired, error } = job.view();
    this.#keep(job, job.request);
    logger.info(job.isOver ? 'job-ended' : 'job-left', {
      id,
      state,
      divergences,
      localSuspected,
      problems,
      repaired,
      error,
    });
  }

  async #work(job: Job, mirrors: readonly SyncedMirror[]): Promise<void> {
    const { request } = job;
    if (job.isRestarted) await linked(job, mirrors);
    if (request.type === 'scrub') return scrubMirrors(job, request, mirrors, this.#options);
    for (const synced of mirrors) await resyncMirror(job, request, synced, this.#options);
  }

  /** Beside the comparison: how much there is to compare is known soon, and then how long it takes. */
  #measure(job: Job): void {
    const goesOn = async () => {
      if (job.isOver || job.signal.aborted) throw new AppError('CANCELLED');
    };
    treeSizeOf(this.#options.local, treePath(job.request.path), goesOn).then(
      (size) => job.progress.measures(size),
      () => {},
    );
  }

  #changed(job: Job): void {
    this.#options.ring.emit('job.state', job.view());
    this.#keep(job, job.request);
  }

  #keep(job: ListedJob, request: JobRequest): void {
    this.#options.files.save(job.id, () => ({ request, view: job.view(), items: job.items() }));
  }

  #prune(): void {
    for (const { id } of this.#jobs.splice(KEPT)) this.#options.files.remove(id);
  }

  #mirrorsOf({ mirror }: JobRequest): readonly SyncedMirror[] {
    return this.#options.mirrors.all.filter(({ name }) => mirror === undefined || name === mirror);
  }
}

function overlap(a: JobRequest, b: JobRequest): boolean {
  return a.mirror === undefined || b.mirror === undefined || a.mirror === b.mirror;
}

function keptJob({ view, items }: JobRecord): ListedJob {
  return { id: view.id, view: () => view, items: () => items };
}

function interrupted(record: JobRecord): JobRecord {
  const error = new AppError('SHUTTING_DOWN', 'the appliance ended before the job did');
  const ended = { state: 'interrupted', endedAt: timeOf(Date.now()), error: reasonOf(error) } as const;
  const view = { ...record.view, ...ended, currentPath: null, bytesPerSecond: null, etaSeconds: null };
  return { ...record, view };
}

/** After a start they aren't there at once. */
async function linked(job: Job, mirrors: readonly SyncedMirror[]): Promise<void> {
  const endMs = Date.now() + LINK_LIMIT_MS;
  while (Date.now() < endMs && mirrors.some(({ mirror }) => mirror.linkState !== 'up')) {
    await job.turn();
    await sleep(LOOK_MS, job.signal);
  }
}
