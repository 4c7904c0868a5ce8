import { type UseMutationResult, type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import { z } from 'zod';
import type { MirrorView } from '../../../shared/api.ts';
import { type MetricRange, type MirrorMetrics, mirrorMetricsSchema } from '../../../shared/mirror-metrics.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

/** A step of the shortest range lasts a minute. */
const METRICS_MS = 30_000;
/** What is under way on the mirror comes to its end first. */
const REMOVAL_LIMIT_MS = 60_000;

export function useMirrorMetrics(
  id: string,
  range: MetricRange,
): UseQueryResult<MirrorMetrics, RequestFailure> {
  return useQuery({
    queryKey: ['mirror-metrics', id, range],
    queryFn: ({ signal }) =>
      request('GET', `${pathOf(id)}/metrics?range=${range}`, mirrorMetricsSchema, { signal }),
    refetchInterval: METRICS_MS,
    placeholderData: (before) => (before?.mirror === id ? before : undefined),
  });
}

/** Takes a mirror out, here and in the configuration file. */
export function useRemoveMirror(
  id: string,
  onRemoved: () => void,
): UseMutationResult<unknown, RequestFailure, void> {
  return useMutation({
    mutationFn: () => request('DELETE', pathOf(id), z.unknown(), { limitMs: REMOVAL_LIMIT_MS }),
    networkMode: 'always',
    onSuccess: onRemoved,
  });
}

/** Whether nothing about it needs a look. */
export function isWell({ link, content, detached, reason }: MirrorView): boolean {
  return link === 'up' && content === 'in-sync' && !detached && reason === undefined;
}

function pathOf(id: string): string {
  return `/mirrors/${encodeURIComponent(id)}`;
}
