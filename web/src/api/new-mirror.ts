import { useMutation, type UseMutationResult } from '@tanstack/react-query';
import {
  type MirrorTrial,
  type MirrorView,
  mirrorTrialSchema,
  mirrorViewSchema,
} from '../../../shared/api.ts';
import type { NewMirror, TriedMirror } from '../../../shared/requests.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

/** What a person has filled in so far; empty where nothing is said. */
export interface MirrorDraft {
  readonly id: string;
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly identityFile: string;
  readonly passwordFile: string;
  readonly path: string;
  readonly required: boolean;
  /** The fingerprint that was accepted. */
  readonly hostKey: string;
}

export const EMPTY_DRAFT: MirrorDraft = {
  id: '',
  host: '',
  port: '22',
  user: '',
  identityFile: '',
  passwordFile: '',
  path: '',
  required: true,
  hostKey: '',
};

/** Connecting, logging in and looking around each have deadlines of their own on the server. */
const LIMIT_MS = 60_000;

/** Tries what is filled in so far; nothing is changed. */
export function useMirrorTrial(
  onAnswer: (trial: MirrorTrial) => void,
): UseMutationResult<MirrorTrial, RequestFailure, MirrorDraft> {
  return useMutation({
    mutationFn: (draft) =>
      request('POST', '/mirrors/test', mirrorTrialSchema, { body: settingsOf(draft), limitMs: LIMIT_MS }),
    networkMode: 'always',
    onSuccess: onAnswer,
  });
}

/** Adds the mirror, here and in the configuration file. */
export function useAddMirror(
  onAdded: (mirror: MirrorView) => void,
): UseMutationResult<MirrorView, RequestFailure, MirrorDraft> {
  return useMutation({
    mutationFn: (draft) =>
      request('POST', '/mirrors', mirrorViewSchema, { body: settingsOf(draft), limitMs: LIMIT_MS }),
    networkMode: 'always',
    onSuccess: onAdded,
  });
}

/** What is said, and nothing of what isn't: the configuration has its own defaults. */
function settingsOf({ id, host, port, required, ...rest }: MirrorDraft): TriedMirror | NewMirror {
  const said = Object.entries(rest).filter(([, value]) => value.trim() !== '');
  return { id: id.trim(), host: host.trim(), port: Number(port), required, ...Object.fromEntries(said) };
}
