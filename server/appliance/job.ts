import type { JobItems, JobRequest, JobStarter, JobView } from '../../shared/jobs.ts';
import type { JobPhase, JobState } from '../../shared/states.ts';
import { AppError, asAppError } from '../base/errors.ts';
import { orAbort } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { Divergence } from '../resync/divergence.ts';
import type { Tally } from '../resync/tally.ts';
import type { Unreadable } from '../resync/tree-walk.ts';
import { CappedList } from './capped-list.ts';
import { reasonOf, timeOf } from './views.ts';

const SHOWN_DIVERGENCES = 1000;
const SHOWN_PROBLEMS = 100;

/** One resync or scrub: what an operator sees of it, and how it is paused and cancelled. */
export class Job {
  readonly id: string;
  readonly request: JobRequest;
  readonly startedBy: JobStarter;
  readonly #startedAtMs = Date.now();
  readonly #cancelling = new AbortController();
  readonly #divergences = new CappedList<JobItems['divergences'][number]>(SHOWN_DIVERGENCES);
  readonly #problems = new CappedList<JobItems['problems'][number]>(SHOWN_PROBLEMS);
  readonly #tallies: Tally[] = [];
  #localSuspected = 0;
  #state: JobState = 'running';
  #phase: JobPhase = 'connecting';
  #phaseSinceMs = Date.now();
  #currentPath: string | null = null;
  #paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  #endedAtMs: number | undefined;
  #error: AppError | undefined;
  #repairedPaths = 0;
  #earlierBytes = 0;
  #sentBytes: () => number = () => 0;

  constructor(id: string, request: JobRequest, startedBy: JobStarter) {
    this.id = id;
    this.request = request;
    this.startedBy = startedBy;
  }

  get isOver(): boolean {
    return this.#endedAtMs !== undefined;
  }

  /** Aborts when it is cancelled. */
  get signal(): AbortSignal {
    return this.#cancelling.signal;
  }

  /** Carries the work out; never rejects. */
  async run(work: (job: Job) => Promise<void>): Promise<void> {
    try {
      await work(this);
      this.#end('done');
    } catch (thrown) {
      const error = asAppError(thrown);
      if (this.signal.aborted) this.#end('cancelled');
      else this.#end('failed', error);
    }
  }

  pause(): void {
    this.#undecided();
    if (this.#paused) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#paused = { over, end };
    this.#state = 'paused';
  }

  resume(): void {
    this.#undecided();
    this.#paused?.end();
    this.#paused = undefined;
    this.#state = 'running';
  }

  /** What is marked stale by then is still repaired. */
  cancel(): void {
    this.#undecided();
    this.#cancelling.abort(new AppError('CANCELLED'));
  }

  /** Waits while it is paused, throws when it is cancelled. */
  async turn(path?: string): Promise<void> {
    if (path !== undefined) this.#currentPath = path;
    if (this.#paused) await orAbort(this.#paused.over, this.signal);
    if (this.signal.aborted) throw asAppError(this.signal.reason);
  }

  compares(tally: Tally): void {
    this.#enter('comparing');
    this.#tallies.push(tally);
  }

  /** `sentBytes` counts on from any beginning. */
  repairs(sentBytes: () => number): void {
    this.#enter('repairing');
    const before = sentBytes();
    this.#earlierBytes += this.#sentBytes();
    this.#sentBytes = () => sentBytes() - before;
  }

  repaired(affected: readonly AffectedPath[]): void {
    this.#repairedPaths += affected.length;
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
    const sum = (value: (tally: Tally) => number) =>
      this.#tallies.reduce((total, tally) => total + value(tally), 0);
    return {
      id: this.id,
      type: request.type,
      mirror: request.mirror ?? null,
      path: request.path,
      compare: request.compare,
      repairs: request.type === 'scrub' ? request.repair : !request.dryRun,
      state: this.#state,
      phase: this.#phase,
      startedBy: this.startedBy,
      startedAt: timeOf(this.#startedAtMs),
      ...(this.#endedAtMs !== undefined && { endedAt: timeOf(this.#endedAtMs) }),
      ...(this.#error && { error: reasonOf(this.#error) }),
      currentPath: this.isOver ? null : this.#currentPath,
      entries: sum(({ entries }) => entries),
      comparedBytes: sum(({ comparedBytes }) => comparedBytes),
      divergences: this.#divergences.count,
      localSuspected: this.#localSuspected,
      problems: this.#problems.count,
      plan: {
        copies: sum(({ copies }) => copies),
        copyBytes: sum(({ copyBytes }) => copyBytes),
        changes: sum(({ changes }) => changes),
        removals: sum(({ removals }) => removals),
      },
      ...this.#progress(sum(({ copyBytes }) => copyBytes)),
    };
  }

  #progress(plannedBytes: number): Pick<JobView, 'repaired' | 'bytesPerSecond' | 'etaSeconds'> {
    const sentNow = this.#sentBytes();
    const bytes = this.#earlierBytes + sentNow;
    const repaired = { paths: this.#repairedPaths, bytes };
    const seconds = (Date.now() - this.#phaseSinceMs) / 1000;
    const isKnown = !this.isOver && this.#phase === 'repairing' && sentNow > 0 && seconds > 0;
    if (!isKnown) return { repaired, bytesPerSecond: null, etaSeconds: null };
    const rate = sentNow / seconds;
    const etaSeconds = Math.round(Math.max(0, plannedBytes - bytes) / rate);
    return { repaired, bytesPerSecond: Math.round(rate), etaSeconds };
  }

  #enter(phase: JobPhase): void {
    this.#phase = phase;
    this.#phaseSinceMs = Date.now();
  }

  #end(state: JobState, error?: AppError): void {
    this.#state = state;
    this.#error = error;
    this.#endedAtMs = Date.now();
    const bytes = this.#sentBytes();
    this.#sentBytes = () => bytes;
  }

  #undecided(): void {
    if (this.isOver || this.signal.aborted) throw new AppError('ALREADY_DECIDED', 'the job is over');
  }
}
