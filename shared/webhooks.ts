import { z } from 'zod';
import { reasonSchema } from './api.ts';
import type { EventName } from './events.ts';

/** The live events that a webhook may be told of. */
export const WEBHOOK_EVENTS = [
  'appliance.mode',
  'mirror.state',
  'job.state',
  'attention.opened',
  'attention.closed',
] as const satisfies readonly EventName[];
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What is sent to try a webhook out. */
export const WEBHOOK_TEST = 'webhook.test';

const URL_CHARS = 2000;
/** How a delivery is: on its way, taken by the receiver, or given up. */
export const DELIVERY_STATES = ['trying', 'delivered', 'failed'] as const;

/** One event on its way to one receiver. */
export const deliverySchema = z
  .object({
    /** As in the header `webhook-id`: the same for each attempt. */
    id: z.string(),
    event: z.enum([...WEBHOOK_EVENTS, WEBHOOK_TEST]),
    state: z.enum(DELIVERY_STATES),
    attempts: z.number().int(),
    /** When the last attempt ended. */
    at: z.iso.datetime(),
    /** What the receiver answered; null where it did not. */
    status: z.number().int().nullable(),
    /** Why the last attempt failed; null where it did not. */
    error: reasonSchema.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type Delivery = z.infer<typeof deliverySchema>;

/** A webhook without its secret. Deliveries and counts are those of this run. */
export const webhookViewSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    createdAt: z.iso.datetime(),
    /** Events that are still to be sent. */
    waiting: z.number().int(),
    /** Events that were left out, as too many waited. */
    dropped: z.number().int(),
    /** The last ones, newest first. */
    deliveries: z.array(deliverySchema),
  })
  .meta({ id: 'Webhook' });
export type WebhookView = z.infer<typeof webhookViewSchema>;

export const webhookListSchema = z
  .object({ items: z.array(webhookViewSchema), nextCursor: z.null() })
  .meta({ id: 'WebhookList' });

/** The answer to `POST /webhooks`, the only one that tells the secret: `whsec_` and 32 bytes in base64. */
export const newWebhookViewSchema = webhookViewSchema
  .extend({ secret: z.string() })
  .meta({ id: 'NewlyMadeWebhook' });
export type NewWebhookView = z.infer<typeof newWebhookViewSchema>;

/** The body of `POST /webhooks`. */
export const newWebhookSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .max(URL_CHARS)
      .refine((url) => !hasCredentials(url), 'must not hold a user name or password'),
    events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length),
  })
  .meta({ id: 'NewWebhook' });
export type NewWebhook = z.infer<typeof newWebhookSchema>;

/** Whoever lists webhooks would see them, and so would proxies on the way. */
function hasCredentials(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
