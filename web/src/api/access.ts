import { type UseMutationResult, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { z } from 'zod';
import {
  newTokenViewSchema,
  type SessionView,
  sessionListSchema,
  setupSchema,
  type TokenView,
  tokenListSchema,
} from '../../../shared/access.ts';
import type { NewToken } from '../../../shared/requests.ts';
import { request } from './http.ts';
import { useListChange } from './list-change.ts';
import type { RequestFailure } from './problem.ts';

const REFETCH_MS = 10_000;
const TOKENS_KEY = ['tokens'];
const SESSIONS_KEY = ['sessions'];

/** As it is told once. */
type MadeToken = z.infer<typeof newTokenViewSchema>;

export function useTokens(): UseQueryResult<readonly TokenView[], RequestFailure> {
  return useQuery({
    queryKey: TOKENS_KEY,
    queryFn: async ({ signal }) => (await request('GET', '/tokens', tokenListSchema, { signal })).items,
    refetchInterval: REFETCH_MS,
  });
}

export function useSessions(): UseQueryResult<readonly SessionView[], RequestFailure> {
  return useQuery({
    queryKey: SESSIONS_KEY,
    queryFn: async ({ signal }) => (await request('GET', '/sessions', sessionListSchema, { signal })).items,
    refetchInterval: REFETCH_MS,
  });
}

export function usePasswordSet(): boolean | undefined {
  return useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => request('GET', '/setup', setupSchema, { signal }),
  }).data?.passwordSet;
}

export function useMakeToken(): UseMutationResult<MadeToken, RequestFailure, NewToken> {
  return useListChange(TOKENS_KEY, (wanted) =>
    request('POST', '/tokens', newTokenViewSchema, { body: wanted }),
  );
}

export function useRevokeToken(): UseMutationResult<unknown, RequestFailure, string> {
  return useListChange(TOKENS_KEY, (id) =>
    request('DELETE', `/tokens/${encodeURIComponent(id)}`, z.unknown()),
  );
}

/** Ends each of these sessions. */
export function useEndSessions(): UseMutationResult<unknown, RequestFailure, readonly string[]> {
  return useListChange(SESSIONS_KEY, (ids) =>
    Promise.all(ids.map((id) => request('DELETE', `/sessions/${encodeURIComponent(id)}`, z.unknown()))),
  );
}

export function useChangePassword(): UseMutationResult<
  unknown,
  RequestFailure,
  { current: string; next: string }
> {
  return useListChange(SESSIONS_KEY, (body) => request('POST', '/password', z.unknown(), { body }));
}
