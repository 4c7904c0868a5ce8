import { useMutation, type UseMutationResult, useQueryClient } from '@tanstack/react-query';
import type { RequestFailure } from './problem.ts';

/** A change of something that is listed under `key`: the list is fetched anew, however it ends. */
export function useListChange<Answer, Wanted>(
  key: readonly string[],
  send: (wanted: Wanted) => Promise<Answer>,
): UseMutationResult<Answer, RequestFailure, Wanted> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    networkMode: 'always',
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  });
}
