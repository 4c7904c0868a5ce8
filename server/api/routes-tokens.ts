import type { FastifyInstance } from 'fastify';
import { newTokenViewSchema, tokenListSchema } from '../../shared/access.ts';
import { API_PREFIX } from '../../shared/api.ts';
import { newTokenSchema } from '../../shared/requests.ts';
import { route } from './route.ts';
import type { Tokens } from './tokens.ts';

const TOKENS = `${API_PREFIX}/tokens`;

/** Tokens for scripts and people, each for as much as it is needed for. */
export function tokenRoutes(app: FastifyInstance, tokens: Tokens): void {
  route(
    app,
    { method: 'GET', path: TOKENS, scope: 'admin', summary: 'The tokens', answer: tokenListSchema },
    () => ({ items: tokens.list(), nextCursor: null }),
  );

  route(
    app,
    {
      method: 'POST',
      path: TOKENS,
      scope: 'admin',
      summary: 'Make a token, which is told once',
      body: newTokenSchema,
      creates: 'secret',
      status: 201,
      answer: newTokenViewSchema,
    },
    ({ body }) => tokens.create(body),
  );

  route(
    app,
    {
      method: 'DELETE',
      path: `${TOKENS}/:id`,
      scope: 'admin',
      summary: 'Revoke a token, and end what it has opened',
      status: 204,
    },
    ({ id }) => tokens.revoke(id),
  );
}
