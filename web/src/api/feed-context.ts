import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Connection } from './connection.ts';
import type { Live } from './fold-events.ts';
import { type LiveFeed, OVERVIEW_KEY } from './live-feed.ts';

export const FeedContext = createContext<LiveFeed | undefined>(undefined);

/** The page's one feed. */
export function useFeed(): LiveFeed {
  const feed = useContext(FeedContext);
  if (!feed) throw new Error('no FeedContext around this component');
  return feed;
}

export function useConnection(): Connection {
  const { connection } = useFeed();
  return useSyncExternalStore(connection.subscribe, connection.get);
}

/** What is so at the server's time, which ticks once a second; renders anew only where that is something else. */
export function useAtNow<Value extends string | number>(valueAt: (nowMs: number) => Value): Value {
  const { nowMs } = useFeed();
  return useSyncExternalStore(nowMs.subscribe, () => valueAt(nowMs.get()));
}

/** Events keep it fresh; the slow refetch heals whatever they may have left wrong. */
const REFETCH_MS = 30_000;

export function useOverview(): UseQueryResult<Live> {
  const feed = useFeed();
  return useQuery({
    queryKey: OVERVIEW_KEY,
    queryFn: feed.fetch,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: REFETCH_MS,
    retry: (_failures, error) => !('status' in error) || error.status !== 401,
    retryDelay: (failures) => Math.min(500 * 2 ** failures, 5000),
  });
}
