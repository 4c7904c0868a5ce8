import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import {
  deliverySchema,
  newWebhookSchema,
  newWebhookViewSchema,
  webhookListSchema,
} from '../../shared/webhooks.ts';
import { route } from './route.ts';
import type { Webhooks } from './webhooks.ts';

const WEBHOOKS = `${API_PREFIX}/webhooks`;

/** Programs that are told of events. For admins alone: an address may be as good as a secret, and is one that this machine then calls. */
export function webhookRoutes(app: FastifyInstance, webhooks: Webhooks): void {
  route(
    app,
    {
      method: 'GET',
      path: WEBHOOKS,
      scope: 'admin',
      summary: 'The webhooks, with what was sent last',
      answer: webhookListSchema,
    },
    () => ({ items: webhooks.list(), nextCursor: null }),
  );

  route(
    app,
    {
      method: 'POST',
      path: WEBHOOKS,
      scope: 'admin',
      summary: 'Have an address told of events; the secret that signs them is told once',
      body: newWebhookSchema,
      creates: 'secret',
      status: 201,
      answer: newWebhookViewSchema,
    },
    ({ body }) => webhooks.create(body),
  );

  route(
    app,
    {
      method: 'DELETE',
      path: `${WEBHOOKS}/:id`,
      scope: 'admin',
      summary: 'Tell an address of nothing any more',
      status: 204,
    },
    ({ id }) => webhooks.remove(id),
  );

  route(
    app,
    {
      method: 'POST',
      path: `${WEBHOOKS}/:id/test`,
      scope: 'admin',
      summary: 'Send one delivery at once, and tell how it ended',
      answer: deliverySchema,
    },
    ({ id }) => webhooks.test(id),
  );
}
