import type { JobItems, JobRequest, JobStarter, JobView } from '../../shared/jobs.ts';
import type { JobState } from '../../shared/states.ts';
import { AppError, asAppError } from '../base/errors.ts';
import { orAbort } from '../base/wait.ts';
import type { Divergence } from '../resync/divergence.ts';
import type { Unreadable } from '../resync/tree-walk.ts';
import { CappedList } from './capped-list.ts';
import { JobProgress } from './job-progress.ts';
import { reasonOf, timeOf } from './views.ts';

const SHOWN_DIVERGENCES = 1000;
const SHOWN_PROBLEMS = 100;

export interface JobOrigin {
  readonly id: string;
  readonly request: JobRequest;
  readonly startedBy: JobStarter;
  readonly startedAtMs: number;
  /** How often it was begun anew, after the appliance had ended in the middle of it. */
  readonly restarts: number;
}

/** One resync or scrub: what an operator sees of it, and how it is paused and cancelled. */
export class Job {
  readonly id: string;
  readonly request: JobRequest;
  readonly progress: JobProgress;
  readonly #origin: JobOrigin;
  readonly #onState: (job: Job) => void;
  readonly #ending = new AbortController();
  readonly #divergences = new CappedList<JobItems['divergences'][number]>(SHOWN_DIVERGENCES);
  readonly #problems = new CappedList<JobItems['problems'][number]>(SHOWN_PROBLEMS);
  #localSuspected = 0;
  #state: JobState = 'running';
  #currentPath: string | null = null;
  #paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  #endedAtMs: number | undefined;
  #error: AppError | undefined;

  /** `onState` is called when the state has changed; `mirrors`: with how many the local tree is compared. */
  constructor(origin: JobOrigin, options: { mirrors: number; onState: (job: Job) => void }) {
    this.#origin = origin;
    this.#onState = options.onState;
    this.id = origin.id;
    this.request = origin.request;
    this.progress = new JobProgress({
      reads: origin.request.compare === 'content',
      mirrors: options.mirrors,
    });
  }

  get isOver(): boolean {
    return this.#endedAtMs !== undefined;
  }

  /** It was begun by an earlier run of the appliance. */
  get isRestarted(): boolean {
    return this.#origin.restarts > 0;
  }

  /** Aborts when it is cancelled, or given up because the appliance stops. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Carries the work out; never rejects. One that was given up isn't over: the next start begins it anew. */
  async run(work: (job: Job) => Promise<void>): Promise<void> {
    try {
      await work(this);
      this.#end('done');
    } catch (thrown) {
      const error = asAppError(thrown);
      if (!this.signal.aborted) this.#end('failed', error);
      else if (asAppError(this.signal.reason).code === 'CANCELLED') this.#end('cancelled');
    }
  }

  /** Nothing more is begun; what is under way comes to its end first. */
  pause(): void {
    this.#undecided();
    if (this.#paused) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#paused = { over, end };
    this.#enter('pausing');
  }

  resume(): void {
    this.#undecided();
    this.#paused?.end();
    this.#paused = undefined;
    this.progress.startClock();
    this.#enter('running');
  }

  /** What is marked stale by then is still repaired. */
  cancel(): void {
    this.#undecided();
    this.#ending.abort(new AppError('CANCELLED'));
  }

  giveUp(): void {
    this.#ending.abort(new AppError('SHUTTING_DOWN'));
  }

  /** Waits while it is paused, throws when it is cancelled. */
  async turn(path?: string): Promise<void> {
    if (path !== undefined) this.#currentPath = path;
    if (this.#paused) await this.#rest(this.#paused.over);
    if (this.signal.aborted) throw asAppError(this.signal.reason);
  }

  async #rest(over: Promise<void>): Promise<void> {
    this.progress.stopClock();
    this.#enter('paused');
    await orAbort(over, this.signal);
  }

  found(mirror: string, { path, kinds, isLocalSuspected }: Divergence): void {
    if (isLocalSuspected) this.#localSuspected += 1;
    this.#divergences.push({ mirror, path, kinds: [...kinds], localSuspected: isLocalSuspected });
  }

  problem(mirror: string, { path, error }: Unreadable): void {
    this.#problems.push({ mirror, path, ...reasonOf(error) });
  }

  items(): JobItems {
    return {
      divergences: [...this.#divergences.items],
      divergencesLeftOut: this.#divergences.leftOut,
      problems: [...this.#problems.items],
      problemsLeftOut: this.#problems.leftOut,
    };
  }

  view(): JobView {
    const { request } = this;
    const { startedBy, startedAtMs, restarts } = this.#origin;
    return {
      id: this.id,
      type: request.type,
      mirror: request.mirror ?? null,
      path: request.path,
      compare: request.compare,
      repairs: request.type === 'scrub' ? request.repair : !request.dryRun,
      state: this.#state,
      startedBy,
      restarts,
      startedAt: timeOf(startedAtMs),
      ...(this.#endedAtMs !== undefined && { endedAt: timeOf(this.#endedAtMs) }),
      ...(this.#error && { error: reasonOf(this.#error) }),
      currentPath: this.isOver ? null : this.#currentPath,
      divergences: this.#divergences.count,
      localSuspected: this.#localSuspected,
      problems: this.#problems.count,
      ...this.progress.view(),
    };
  }

  #end(state: JobState, error?: AppError): void {
    this.#error = error;
    this.#endedAtMs = Date.now();
    this.progress.end();
    this.#enter(state);
  }

  #enter(state: JobState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(this);
  }

  #undecided(): void {
    if (this.isOver || this.signal.aborted) throw new AppError('ALREADY_DECIDED', 'the job is over');
  }
}
