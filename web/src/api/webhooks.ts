import { type UseMutationResult, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { z } from 'zod';
import {
  type Delivery,
  deliverySchema,
  type NewWebhook,
  type NewWebhookView,
  newWebhookViewSchema,
  webhookListSchema,
  type WebhookView,
} from '../../../shared/webhooks.ts';
import { request } from './http.ts';
import { useListChange } from './list-change.ts';
import type { RequestFailure } from './problem.ts';

const REFETCH_MS = 10_000;
const KEY = ['webhooks'];

export function useWebhooks(): UseQueryResult<readonly WebhookView[], RequestFailure> {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await request('GET', '/webhooks', webhookListSchema, { signal })).items,
    refetchInterval: REFETCH_MS,
  });
}

export function useAddWebhook(): UseMutationResult<NewWebhookView, RequestFailure, NewWebhook> {
  return useListChange(KEY, (body) => request('POST', '/webhooks', newWebhookViewSchema, { body }));
}

export function useRemoveWebhook(): UseMutationResult<unknown, RequestFailure, string> {
  return useListChange(KEY, (id) => request('DELETE', `/webhooks/${encodeURIComponent(id)}`, z.unknown()));
}

/** Sends one delivery; one that is not taken is an answer too. */
export function useTestWebhook(): UseMutationResult<Delivery, RequestFailure, string> {
  return useListChange(KEY, (id) =>
    request('POST', `/webhooks/${encodeURIComponent(id)}/test`, deliverySchema, { body: {} }),
  );
}
