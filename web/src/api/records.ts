import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  type UseQueryResult,
  useQuery,
} from '@tanstack/react-query';
import { type AuditList, type AuditResult, auditListSchema } from '../../../shared/audit.ts';
import { type LOG_LEVELS, type LogPage, logPageSchema } from '../../../shared/log.ts';
import { type SystemView, systemViewSchema } from '../../../shared/system.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

/** What of the audit is wanted. */
export interface AuditFilter {
  readonly contains?: string | undefined;
  readonly result?: AuditResult | undefined;
}

export type LogLevel = (typeof LOG_LEVELS)[number];

const FOLLOW_MS = 1500;
const SYSTEM_MS = 5000;
const AUDIT_MS = 5000;
const ASKED_LINES = 500;
/** What a browser shows without trouble. */
const KEPT_LINES = 1000;

/** The end of the log, followed. Lines of a run before stay until there are too many. */
export function useLog(level: LogLevel): UseQueryResult<LogPage, RequestFailure> {
  return useQuery({
    queryKey: ['log', level],
    queryFn: async ({ client, queryKey, signal }) => {
      const before = client.getQueryData<LogPage>(queryKey);
      const page = (after?: number) =>
        request('GET', `/log?${queryOf(level, after)}`, logPageSchema, { signal });
      const next = await page(before?.seq);
      // Another run counts from the beginning.
      const added = before && next.bootId !== before.bootId ? await page(0) : next;
      return { ...added, items: [...(before?.items ?? []), ...added.items].slice(-KEPT_LINES) };
    },
    refetchInterval: FOLLOW_MS,
    gcTime: 0,
  });
}

function queryOf(level: LogLevel, after: number | undefined): URLSearchParams {
  const query = new URLSearchParams({ level, limit: String(ASKED_LINES) });
  if (after !== undefined) query.set('after', String(after));
  return query;
}

/** Who changed what, newest first, page by page. */
export function useAudit(
  filter: AuditFilter,
): UseInfiniteQueryResult<InfiniteData<AuditList>, RequestFailure> {
  return useInfiniteQuery({
    queryKey: ['audit', filter],
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
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? AUDIT_MS : false),
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
