import { type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import {
  type JobItems,
  type JobView,
  jobItemsSchema,
  jobListSchema,
  type jobRequestSchema,
  jobViewSchema,
} from '../../../shared/jobs.ts';
import { type Change, useChange } from './changes.ts';
import { request } from './http.ts';
import { JOBS_KEY, withJob } from './live-jobs.ts';
import type { RequestFailure } from './problem.ts';

/** What a job is to be; what isn't said is as the API has it. */
export type WantedJob = z.input<typeof jobRequestSchema>;
export type JobChangeName = 'pause' | 'resume' | 'cancel';

/** Events keep them fresh; this heals what they may have left wrong. */
const REFETCH_MS = 15_000;
/** What a job finds has no events. */
const ITEMS_MS = 2000;

/** The resyncs and scrubs, newest first. */
export function useJobs(): UseQueryResult<readonly JobView[], RequestFailure> {
  return useQuery({
    queryKey: JOBS_KEY,
    queryFn: async ({ signal }) => (await request('GET', '/jobs', jobListSchema, { signal })).items,
    refetchInterval: REFETCH_MS,
  });
}

/** What a job has found so far. */
export function useJobItems({ id, endedAt }: JobView): UseQueryResult<JobItems, RequestFailure> {
  return useQuery({
    queryKey: ['job-items', id, endedAt],
    queryFn: ({ signal }) => request('GET', `${pathOf(id)}/items`, jobItemsSchema, { signal }),
    refetchInterval: endedAt === undefined ? ITEMS_MS : false,
    placeholderData: (before) => before,
  });
}

export function useJobChange(id: string): Change<JobChangeName> {
  return useChange((name) => request('POST', `${pathOf(id)}/${name}`, jobViewSchema, { body: {} }));
}

/** Begins a job; `onBegun` gets it. */
export function useStartJob(onBegun: (job: JobView) => void): Starting {
  const { mutate, isPending, error } = useMutation<JobView, RequestFailure, WantedJob>({
    mutationFn: (wanted) => request('POST', '/jobs', jobViewSchema, { body: wanted }),
    networkMode: 'always',
    onSuccess: (job, _wanted, _result, { client }) => {
      client.setQueryData(JOBS_KEY, (jobs: readonly JobView[] | undefined) => jobs && withJob(jobs, job));
      onBegun(job);
    },
  });
  return { start: mutate, pending: isPending, failure: error ?? undefined };
}

export interface Starting {
  readonly start: (wanted: WantedJob) => void;
  readonly pending: boolean;
  readonly failure: RequestFailure | undefined;
}

function pathOf(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
