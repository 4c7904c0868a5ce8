import {
  keepPreviousData,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import {
  type ConfigurationVerdict,
  type ConfigurationVersion,
  type ConfigurationView,
  configurationVerdictSchema,
  configurationVersionsSchema,
  configurationVersionTextSchema,
  configurationViewSchema,
} from '../../../shared/configuration.ts';
import { request } from './http.ts';
import type { RequestFailure } from './problem.ts';

const KEY = ['config'];
const VERSIONS_KEY = ['config-versions'];
/** An editor on the machine may change it, too. */
const REFETCH_MS = 5000;
/** Mirrors are connected to before the file is written. */
const SAVE_LIMIT_MS = 60_000;

/** The configuration file as it stands. */
export function useConfiguration(): UseQueryResult<ConfigurationView, RequestFailure> {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => request('GET', '/config', configurationViewSchema, { signal }),
    refetchInterval: REFETCH_MS,
  });
}

/** What the server says of a text that isn't saved yet. */
export function useVerdict(text: string): UseQueryResult<ConfigurationVerdict, RequestFailure> {
  return useQuery({
    queryKey: ['config-verdict', text],
    queryFn: ({ signal }) =>
      request('POST', '/config/validate', configurationVerdictSchema, { body: { text }, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export interface SavedText {
  readonly text: string;
  /** Of the file that it was made from. */
  readonly etag: string;
}

/** Puts the text in the place of the file, if that is still the one it was made from. */
export function useSaveConfiguration(
  onSaved: (view: ConfigurationView) => void,
): UseMutationResult<ConfigurationView, RequestFailure, SavedText> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ text, etag }) =>
      request('PUT', '/config', configurationViewSchema, {
        body: { text },
        ifMatch: etag,
        limitMs: SAVE_LIMIT_MS,
      }),
    networkMode: 'always',
    onSuccess: (view) => {
      client.setQueryData(KEY, view);
      onSaved(view);
    },
    onSettled: () => client.invalidateQueries({ queryKey: VERSIONS_KEY }),
  });
}

/** The texts that were replaced, newest first. */
export function useVersions(): UseQueryResult<readonly ConfigurationVersion[], RequestFailure> {
  return useQuery({
    queryKey: VERSIONS_KEY,
    queryFn: async ({ signal }) =>
      (await request('GET', '/config/versions', configurationVersionsSchema, { signal })).items,
  });
}

/** The text of an earlier version. */
export function useVersionText(
  onText: (text: string) => void,
): UseMutationResult<unknown, RequestFailure, string> {
  return useMutation({
    mutationFn: (id) =>
      request('GET', `/config/versions/${encodeURIComponent(id)}`, configurationVersionTextSchema),
    networkMode: 'always',
    onSuccess: ({ text }) => onText(text),
  });
}
