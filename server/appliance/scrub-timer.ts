import type { JobRequest } from '../../shared/jobs.ts';
import { hasCode } from '../base/errors.ts';
import type { ScrubSchedule } from '../config/configuration.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { Jobs } from './jobs.ts';
import type { MirrorSet } from './mirror-set.ts';
import { scrubDueMs } from './scrub-due.ts';
import type { SyncedMirror } from './synced-mirror.ts';

const LOOK_MS = 2000;
const AFTER_FAILURE_MS = 10 * 60 * 1000;

/**
 * Begins the scrubs that are due, one at a time: of each mirror when it is up and in sync. What was missed is due still, so
 * it is made up for soon after the start, or when the mirror is back.
 */
export class ScrubTimer {
  readonly #schedule: ScrubSchedule;
  readonly #mirrors: MirrorSet;
  readonly #jobs: Jobs;
  readonly #startedMs = Date.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { schedule: ScrubSchedule; mirrors: MirrorSet; jobs: Jobs }) {
    this.#schedule = options.schedule;
    this.#mirrors = options.mirrors;
    this.#jobs = options.jobs;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const scheduled = this.#jobs.list().filter(({ startedBy }) => startedBy === 'schedule');
    if (scheduled.some(({ state }) => state === 'running')) return;
    const due = this.#mirrors.all
      .map((mirror) => ({ mirror, dueMs: this.#dueMs(mirror) }))
      .filter(({ mirror, dueMs }) => dueMs <= Date.now() && mirror.inSync)
      .sort((a, b) => a.dueMs - b.dueMs);
    due.some(({ mirror }) => this.#begin(mirror.name));
  }

  #dueMs({ name, lastScrubs }: SyncedMirror): number {
    const { compare, everyMs } = this.#schedule;
    const lastMs = compare === 'content' ? lastScrubs?.contentScrubbedAtMs : lastScrubs?.scrubbedAtMs;
    const dueMs = scrubDueMs(this.#schedule, lastMs, this.#startedMs);
    const last = this.#jobs
      .list()
      .find(({ startedBy, mirror }) => startedBy === 'schedule' && mirror === name);
    if (last?.endedAt === undefined || last.state === 'done') return dueMs;
    // Cancelled by somebody who doesn't want it now: it is left out this once.
    const pauseMs = last.state === 'cancelled' ? everyMs : AFTER_FAILURE_MS;
    return Math.max(dueMs, Date.parse(last.endedAt) + pauseMs);
  }

  /** False where another job is at work on this mirror. */
  #begin(mirror: string): boolean {
    const { compare, repair } = this.#schedule;
    const request: JobRequest = { type: 'scrub', mirror, path: ROOT, compare, repair, confirm: false };
    try {
      this.#jobs.start(request, 'schedule');
      return true;
    } catch (thrown) {
      if (!hasCode(thrown, 'BUSY')) throw thrown;
      return false;
    }
  }
}
