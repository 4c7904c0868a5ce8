import { useQuery } from '@tanstack/react-query';
import { whoSchema } from '../../../shared/api.ts';
import { includesScope, type Scope } from '../../../shared/states.ts';
import { request } from './http.ts';

/** Why whoever is signed in can't make a change of this scope, or undefined when they can, or it isn't known yet. */
export function useScopeRefusal(needed: Scope): string | undefined {
  const who = useQuery({
    queryKey: ['who'],
    queryFn: ({ signal }) => request('GET', '/session', whoSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!who.data || includesScope(who.data.scope, needed)) return undefined;
  return who.data.scope === 'read'
    ? 'Signed in with a token that may only look'
    : 'Signed in with a token that may not change settings';
}
