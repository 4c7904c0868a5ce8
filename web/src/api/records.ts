import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  type UseQueryResult,
  useQuery,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { type AuditList, type AuditResult, auditListSchema } from '../../../shared/audit.ts';
import { type LogLevel, type LogPage, logPageSchema } from '../../../shared/log.ts';
import { type SystemView, systemViewSchema } from '../../../shared/system.ts';
import { useFeed } from './feed-context.ts';
import { request } from './http.ts';
import { AUDIT_KEY, LOG_KEY, withLines } from './live-records.ts';
import type { RequestFailure } from './problem.ts';

/** What of the audit is wanted. */
export interface AuditFilter {
  readonly contains?: string | undefined;
  readonly result?: AuditResult | undefined;
}

const SYSTEM_MS = 5000;
const ASKED_LINES = 500;

/** The end of the log, followed. */
export function useLog(level: LogLevel): UseQueryResult<LogPage, RequestFailure> {
  const { records } = useFeed();
  const queryKey = [LOG_KEY, level];
  const log = useQuery<LogPage, RequestFailure>({
    queryKey,
    queryFn: async ({ client, signal }) => {
      const page = await request('GET', `/log?level=${level}&limit=${ASKED_LINES}`, logPageSchema, {
        signal,
      });
      // RACE: lines may have come in the meantime.
      const known = client.getQueryData<LogPage>(queryKey);
      return known ? withLines(known, page) : page;
    },
    gcTime: 0,
  });
  const isThere = log.data !== undefined;
  useEffect(() => (isThere ? records.followLog(level) : undefined), [records, level, isThere]);
  return log;
}

/** Who changed what, newest first, page by page. */
export function useAudit(
  filter: AuditFilter,
): UseInfiniteQueryResult<InfiniteData<AuditList>, RequestFailure> {
  const { records } = useFeed();
  useEffect(() => records.followAudit(), [records]);
  return useInfiniteQuery({
    queryKey: [AUDIT_KEY, filter],
    queryFn: ({ pageParam, signal }) => {
      const given = Object.entries({ ...filter, cursor: pageParam }).filter(
        ([, value]) => value !== undefined,
      );
      return request('GET', `/audit?${new URLSearchParams(given as [string, string][])}`, auditListSchema, {
        signal,
      });
    },
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
}

export function useSystem(): UseQueryResult<SystemView, RequestFailure> {
  return useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => request('GET', '/system', systemViewSchema, { signal }),
    refetchInterval: SYSTEM_MS,
    placeholderData: keepPreviousData,
  });
}
