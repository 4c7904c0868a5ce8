import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { API_PREFIX } from '../../shared/api.ts';
import type { Gate } from './gate.ts';
import { wantsPage } from './login-page.ts';
import { checked } from './problem.ts';
import { bodyOf, nothingSchema } from './route.ts';

const loginSchema = z.strictObject({ token: z.string().trim().min(1).max(1000) });

/** Login of a browser (by the form at `/`), who am I, and logout. `onLogout` ends what the session kept open. */
export async function sessionRoutes(app: FastifyInstance, gate: Gate, onLogout: () => void): Promise<void> {
  await app.register((scope, _options, done) => {
    // Only here: nothing else takes forms, which any page may send anywhere.
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request: FastifyRequest, body: string) =>
        Promise.resolve(Object.fromEntries(new URLSearchParams(body))),
    );
    scope.post('/session', { config: { open: true } }, (request, reply) => {
      checked(nothingSchema, request.query, 'query');
      const { token } = checked(loginSchema, bodyOf(request), 'body');
      reply.header('set-cookie', gate.logIn(token, request.raw));
      const page = wantsPage(request.method, request.url, request.headers.accept);
      return page ? reply.redirect('/', 303) : reply.code(204).send();
    });
    done();
  });

  app.get(`${API_PREFIX}/session`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return { by: request.access?.by };
  });

  app.delete(`${API_PREFIX}/session`, (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    if (request.access) reply.header('set-cookie', gate.logOut(request.access));
    onLogout();
    return reply.code(204).send();
  });
}
