import { useMutation, type UseMutationResult } from '@tanstack/react-query';
import { type ModeChange, modeChangeSchema } from '../../../shared/api.ts';
import type { WantedMode } from '../../../shared/requests.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

export interface ModeWish {
  readonly mode: WantedMode;
  /** For whoever meets it; empty where nothing is said. */
  readonly reason: string;
}

/** Switches writing off or on. */
export function useModeChange(): UseMutationResult<ModeChange, RequestFailure, ModeWish> {
  return useMutation({
    mutationFn: ({ mode, reason }) =>
      request('POST', '/mode', modeChangeSchema, { body: { mode, ...(reason !== '' && { reason }) } }),
    networkMode: 'always',
  });
}
