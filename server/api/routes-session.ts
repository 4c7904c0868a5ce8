import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { API_PREFIX, whoSchema } from '../../shared/api.ts';
import type { Gate } from './gate.ts';
import { wantsPage } from './login-page.ts';
import { route } from './route.ts';

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
    route(
      scope,
      {
        method: 'POST',
        scope: 'read',
        path: '/session',
        summary: 'Log in by the token: sets the cookie of a session',
        open: true,
        body: loginSchema,
        status: 204,
      },
      ({ body, request, reply }) => {
        reply.header('set-cookie', gate.logIn(body.token, request.raw));
        if (wantsPage(request.method, request.url, request.headers.accept)) reply.redirect('/', 303);
      },
    );
    done();
  });

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${API_PREFIX}/session`,
      summary: 'Who is asking',
      answer: whoSchema,
    },
    ({ request }) => ({ by: request.access?.by, scope: request.access?.grant.scope }),
  );

  route(
    app,
    { method: 'DELETE', scope: 'read', path: `${API_PREFIX}/session`, summary: 'Log out', status: 204 },
    ({ request, reply }) => {
      if (request.access) reply.header('set-cookie', gate.logOut(request.access));
      onLogout();
    },
  );
}
