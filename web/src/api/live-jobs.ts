import type { QueryClient } from '@tanstack/react-query';
import type { EventEnvelope } from '../../../shared/events.ts';
import type { JobView } from '../../../shared/jobs.ts';

export const JOBS_KEY = ['jobs'] as const;

/** Carries the query cache's list of jobs on by events, once it has been fetched. */
export class LiveJobs {
  readonly #queries: QueryClient;
  #changed: JobView[] = [];

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  receive(envelopes: readonly EventEnvelope[]): void {
    for (const { event, data } of envelopes)
      if (event === 'job.state' || event === 'job.progress') this.#changed.push(data);
  }

  flush(): void {
    if (this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    this.#queries.setQueryData(JOBS_KEY, (jobs: readonly JobView[] | undefined) =>
      jobs ? changed.reduce(withJob, jobs) : undefined,
    );
  }
}

/**
 * The list with this job as it is now, newest first. What is over stays so: the answer to its beginning may be handled after
 * the event of its end.
 */
export function withJob(jobs: readonly JobView[], changed: JobView): readonly JobView[] {
  const listed = jobs.find(({ id }) => id === changed.id);
  if (!listed) return [changed, ...jobs];
  if (listed.endedAt !== undefined) return jobs;
  return jobs.map((job) => (job.id === changed.id ? changed : job));
}
