import type { FastifyInstance } from 'fastify';
import { setupSchema } from '../../shared/access.ts';
import { API_PREFIX } from '../../shared/api.ts';
import { setupBodySchema } from '../../shared/requests.ts';
import { formRoutes } from './forms.ts';
import type { Gate } from './gate.ts';
import { setupPage, wantsPage } from './login-page.ts';
import { route } from './route.ts';

/** The first password, set once by who has the token of the start. `onLogout` ends what that token kept open. */
export async function setupRoutes(app: FastifyInstance, gate: Gate, onLogout: () => void): Promise<void> {
  await formRoutes(app, (scope) => setUpRoute(scope, gate, '/setup', onLogout));
  setUpRoute(app, gate, `${API_PREFIX}/setup`, onLogout);

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${API_PREFIX}/setup`,
      summary: 'Whether a password is set',
      open: true,
      answer: setupSchema,
    },
    () => ({ passwordSet: gate.hasPassword }),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/setup',
      summary: 'The form that sets the first password',
      open: true,
      answer: 'text/html',
    },
    ({ reply }) =>
      gate.hasPassword
        ? reply.redirect('./', 303)
        : reply.type('text/html; charset=utf-8').send(setupPage('./', undefined)),
  );
}

function setUpRoute(app: FastifyInstance, gate: Gate, path: string, onLogout: () => void): void {
  const summary = 'Set the first password by the token of the start: sets the cookie of a session';
  route(
    app,
    { method: 'POST', scope: 'admin', path, summary, open: true, body: setupBodySchema, status: 204 },
    async ({ body, request, reply }) => {
      reply.header('set-cookie', await gate.setUp(body.token, body.password, request.raw));
      onLogout();
      if (wantsPage(request.method, request.url, request.headers.accept)) reply.redirect('./', 303);
    },
  );
}
