import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EventEnvelope } from '../../shared/events.ts';
import {
  type Delivery,
  type NewWebhook,
  type NewWebhookView,
  WEBHOOK_EVENTS,
  WEBHOOK_TEST,
  type WebhookView,
} from '../../shared/webhooks.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { KeptList } from './kept-list.ts';
import { found } from './route.ts';
import { WebhookDeliveries, type WebhookMessage } from './webhook-deliveries.ts';
import { newWebhookSecret } from './webhook-request.ts';

const MOST_WEBHOOKS = 10;
/** Between the attempts at one delivery. */
const PAUSES_MS = [5000, 30_000, 300_000];

const storedSchema = z.strictObject({
  id: z.string(),
  url: z.url(),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  createdAt: z.iso.datetime(),
  secret: z.string(),
});
type StoredWebhook = z.infer<typeof storedSchema>;

export interface WebhooksOptions {
  readonly file: string;
  readonly controlPlane: ControlPlane;
  readonly logger: Logger;
  readonly pausesMs?: readonly number[];
}

/**
 * Tells other programs of events, by signed requests. Webhooks outlive a restart, with their secrets, which signing needs as they
 * are; what still waits when the appliance stops does not. Nothing waits for a delivery.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #kept: KeptList<StoredWebhook>;
  readonly #deliveries = new Map<string, WebhookDeliveries>();
  #unsubscribe: (() => void) | undefined;

  private constructor(options: WebhooksOptions, kept: KeptList<StoredWebhook>) {
    this.#options = options;
    this.#kept = kept;
    for (const webhook of kept.items) this.#follow(webhook);
  }

  static async load(options: WebhooksOptions): Promise<Webhooks> {
    const { file, logger } = options;
    const list = {
      file,
      name: 'webhooks',
      schema: storedSchema,
      failure: 'WEBHOOKS_FAILED',
      logger,
    } as const;
    return new Webhooks(options, await KeptList.load(list));
  }

  start(): void {
    this.#unsubscribe = this.#options.controlPlane.onEvent((envelope) => this.#tell(envelope));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    for (const deliveries of this.#deliveries.values()) deliveries.end();
    await this.#kept.settle();
  }

  list(): WebhookView[] {
    return this.#kept.items.map((stored) => this.#viewOf(stored));
  }

  /** The secret is told now and never again. Rejects with TOO_MANY_WEBHOOKS, or where the file can't be written. */
  async create({ url, events }: NewWebhook): Promise<NewWebhookView> {
    const stored: StoredWebhook = {
      id: randomUUID(),
      url: new URL(url).href,
      events: WEBHOOK_EVENTS.filter((event) => events.includes(event)),
      createdAt: new Date().toISOString(),
      secret: newWebhookSecret(),
    };
    await this.#kept.change((present) => {
      if (present.length >= MOST_WEBHOOKS)
        throw new AppError('TOO_MANY_WEBHOOKS', `there are ${MOST_WEBHOOKS} webhooks: remove one`);
      return [...present, stored];
    });
    this.#follow(stored);
    return { ...this.#viewOf(stored), secret: stored.secret };
  }

  /** What waits for it is not sent any more. Rejects with RESOURCE_NOT_FOUND. */
  async remove(id: string): Promise<void> {
    await this.#kept.change((present) => {
      found(
        present.find((each) => each.id === id),
        'webhook',
      );
      return present.filter((each) => each.id !== id);
    });
    this.#deliveries.get(id)?.end();
    this.#deliveries.delete(id);
  }

  /** One delivery at once, and how it ended. Rejects with RESOURCE_NOT_FOUND. */
  async test(id: string): Promise<Delivery> {
    const deliveries = found(this.#deliveries.get(id), 'webhook');
    const position = this.#options.controlPlane.position();
    const at = new Date().toISOString();
    return deliveries.tryOut({ id: `test-${randomUUID()}`, event: WEBHOOK_TEST, at, data: {}, ...position });
  }

  #tell({ seq, at, event, data }: EventEnvelope): void {
    const told = WEBHOOK_EVENTS.find((each) => each === event);
    if (told === undefined) return;
    const { bootId } = this.#options.controlPlane.position();
    const message: WebhookMessage = { id: `${bootId}-${seq}`, event: told, at, data, bootId, seq };
    for (const { id, events } of this.#kept.items)
      if (events.includes(told)) this.#deliveries.get(id)?.add(message);
  }

  #follow({ id, url, secret }: StoredWebhook): void {
    const { pausesMs = PAUSES_MS, logger } = this.#options;
    const onFailure = ({ event, error }: Delivery) =>
      // What stands behind the host may be as good as a secret.
      logger.warn('api.webhook-failed', { webhook: id, host: new URL(url).host, of: event, ...error });
    this.#deliveries.set(id, new WebhookDeliveries({ url, secret }, pausesMs, onFailure));
  }

  #viewOf({ secret: _secret, ...webhook }: StoredWebhook): WebhookView {
    const none = { waiting: 0, dropped: 0, deliveries: [] };
    return { ...webhook, ...(this.#deliveries.get(webhook.id)?.view ?? none) };
  }
}
