import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { whoSchema } from '../../../shared/access.ts';
import { includesScope, type Scope } from '../../../shared/states.ts';
import { request } from './http.ts';

/** What whoever is signed in may do; undefined while it isn't known yet. Asked for once, as hundreds of buttons need it. */
export const OwnScopeContext = createContext<Scope | undefined>(undefined);

export function useOwnScope(): Scope | undefined {
  const who = useQuery({
    queryKey: ['who'],
    queryFn: ({ signal }) => request('GET', '/session', whoSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return who.data?.scope;
}

/** Why whoever is signed in can't make a change of this scope, or undefined when they can, or it isn't known yet. */
export function useScopeRefusal(needed: Scope): string | undefined {
  const own = useContext(OwnScopeContext);
  if (own === undefined || includesScope(own, needed)) return undefined;
  return own === 'read'
    ? 'Signed in with a token that may only look'
    : 'Signed in with a token that may not change settings';
}
