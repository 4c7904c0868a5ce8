import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { z } from 'zod';
import {
  OUTCOMES,
  type TransactionDetail,
  type TransactionList,
  transactionDetailSchema,
  transactionListSchema,
} from '../../../shared/api.ts';
import { OPERATION_KINDS } from '../../../shared/states.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

const HOUR_MS = 3_600_000;
/** How far back the history is looked at. */
export const SPANS = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS } as const;
export type Span = keyof typeof SPANS;

const spans = Object.keys(SPANS) as [Span, ...Span[]];
const text = z.string().min(1).max(4096).optional().catch(undefined);

/** What the address of the history says; what makes no sense there is as if it weren't. `id` is the one that is looked at. */
export const historySearchSchema = z.object({
  outcome: z.enum(OUTCOMES).optional().catch(undefined),
  op: z.enum(OPERATION_KINDS).optional().catch(undefined),
  span: z.enum(spans).optional().catch(undefined),
  uid: z.number().int().nonnegative().optional().catch(undefined),
  mirror: text,
  path: text,
  id: text,
});
export type HistorySearch = z.infer<typeof historySearchSchema>;
export type HistoryFilter = Omit<HistorySearch, 'id'>;

const REFETCH_MS = 5000;
/** Who has gone further back reads in peace. */
const REFETCHED_PAGES = 2;
const DETAIL_MS = 1000;

/** What ended, newest first, page by page. */
export function useHistory(
  filter: HistoryFilter,
): UseInfiniteQueryResult<InfiniteData<TransactionList>, RequestFailure> {
  return useInfiniteQuery({
    queryKey: ['history', filter],
    queryFn: ({ pageParam, signal }) =>
      request('GET', `/transactions?${queryOf(filter, pageParam)}`, transactionListSchema, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= REFETCHED_PAGES ? REFETCH_MS : false),
    placeholderData: (before) => before,
  });
}

function queryOf({ span, path, ...same }: HistoryFilter, cursor: string | undefined): URLSearchParams {
  const query = new URLSearchParams({ state: 'ended' });
  for (const [name, value] of Object.entries(same)) if (value !== undefined) query.set(name, String(value));
  if (path !== undefined) query.set('pathPrefix', path);
  if (span !== undefined) query.set('since', new Date(Date.now() - SPANS[span]).toISOString());
  if (cursor !== undefined) query.set('cursor', cursor);
  return query;
}

/** One transaction with its steps, followed while it is in flight. */
export function useTransaction(id: string): UseQueryResult<TransactionDetail, RequestFailure> {
  return useQuery({
    queryKey: ['transaction', id],
    queryFn: ({ signal }) =>
      request('GET', `/transactions/${encodeURIComponent(id)}`, transactionDetailSchema, { signal }),
    refetchInterval: ({ state }) => (state.data?.endedAt === undefined ? DETAIL_MS : false),
    retry: false,
  });
}
