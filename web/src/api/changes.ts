import { useMutation } from '@tanstack/react-query';
import { z } from 'zod';
import { acceptedSchema, type MirrorChange, mirrorChangeSchema } from '../../../shared/api.ts';
import { request } from './http.ts';
import { type RequestFailure, asFailure } from './problem.ts';

export type MirrorChangeName = 'detach' | 'attach' | 'retry';
export type TransactionChangeName = 'retry' | 'cancel';

/** One change that a button makes: whether it is under way, and how the last one failed. */
export interface Change<Name extends string> {
  readonly run: (name: Name) => void;
  readonly pending: Name | undefined;
  readonly failure: { readonly name: Name; readonly failure: RequestFailure } | undefined;
  readonly done: Name | undefined;
}

export function useMirrorChange(id: string): Change<MirrorChangeName> {
  return useChange((name) => changeMirror(id, name));
}

export function changeMirror(id: string, name: MirrorChangeName): Promise<MirrorChange> {
  return request('POST', `/mirrors/${encodeURIComponent(id)}/${name}`, mirrorChangeSchema, { body: {} });
}

export function useTransactionChange(id: string): Change<TransactionChangeName> {
  return useChange((name) =>
    request('POST', `/transactions/${encodeURIComponent(id)}/${name}`, acceptedSchema, { body: {} }),
  );
}

/** Ends the session; the login is what the page then loads. */
export async function signOut(): Promise<void> {
  await request('DELETE', '/session', z.unknown());
  location.reload();
}

/** Makes one change out of several calls of the API, of which one at a time is under way. */
export function useChange<Name extends string>(send: (name: Name) => Promise<unknown>): Change<Name> {
  const mutation = useMutation({ mutationFn: send, networkMode: 'always' });
  return {
    run: (name) => mutation.mutate(name),
    pending: mutation.isPending ? mutation.variables : undefined,
    failure:
      mutation.isError && mutation.variables !== undefined
        ? { name: mutation.variables, failure: asFailure(mutation.error) }
        : undefined,
    done: mutation.isSuccess ? mutation.variables : undefined,
  };
}
