import { useQuery } from '@tanstack/react-query';
import { whoSchema } from '../../../shared/api.ts';
import { includesScope } from '../../../shared/states.ts';
import { request } from './http.ts';

/** Why whoever is signed in can't change anything, or undefined when they can, or it isn't known yet. */
export function useScopeRefusal(): string | undefined {
  const who = useQuery({
    queryKey: ['who'],
    queryFn: ({ signal }) => request('GET', '/session', whoSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!who.data || includesScope(who.data.scope, 'operate')) return undefined;
  return 'Signed in with a token that may only look';
}
