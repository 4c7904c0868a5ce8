import type { FastifyInstance } from 'fastify';
import { sessionListSchema, whoSchema } from '../../shared/access.ts';
import { API_PREFIX } from '../../shared/api.ts';
import { loginSchema, passwordBodySchema } from '../../shared/requests.ts';
import { formRoutes } from './forms.ts';
import type { Gate } from './gate.ts';
import { wantsPage } from './login-page.ts';
import { found, route } from './route.ts';

/** Login of a browser (by the form at `/`) or a program, who am I, and logout. `onLogout` ends what the session kept open. */
export async function sessionRoutes(app: FastifyInstance, gate: Gate, onLogout: () => void): Promise<void> {
  await formRoutes(app, (scope) => loginRoute(scope, gate, '/session'));
  loginRoute(app, gate, `${API_PREFIX}/session`);

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
  openSessionRoutes(app, gate, onLogout);
}

function openSessionRoutes(app: FastifyInstance, gate: Gate, onLogout: () => void): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'admin',
      path: `${API_PREFIX}/sessions`,
      summary: 'The logins of browsers, the latest first',
      answer: sessionListSchema,
    },
    ({ request: { access } }) => ({
      items: gate.sessions().map(({ key, ...session }) => ({
        ...session,
        current: access?.by === 'session' && access.key === key,
      })),
      nextCursor: null,
    }),
  );

  route(
    app,
    {
      method: 'DELETE',
      scope: 'admin',
      path: `${API_PREFIX}/sessions/:id`,
      summary: 'End the login of a browser, and what it keeps open',
      status: 204,
    },
    ({ id }) => {
      found(gate.endSession(id) || undefined, 'session');
      onLogout();
    },
  );

  route(
    app,
    {
      method: 'POST',
      scope: 'admin',
      path: `${API_PREFIX}/password`,
      summary:
        'Put another password in the place of the one that is given: ends every session that it has opened',
      body: passwordBodySchema,
      status: 204,
    },
    async ({ body, request, reply }) => {
      reply.header('set-cookie', await gate.changePassword(body.current, body.next, request.raw));
      onLogout();
    },
  );
}

function loginRoute(app: FastifyInstance, gate: Gate, path: string): void {
  const summary = 'Log in by the password or a token: sets the cookie of a session';
  route(
    app,
    { method: 'POST', scope: 'read', path, summary, open: true, body: loginSchema, status: 204 },
    async ({ body, request, reply }) => {
      const secret = 'token' in body ? body.token : body.password;
      reply.header('set-cookie', await gate.logIn(secret, request.raw));
      if (wantsPage(request.method, request.url, request.headers.accept)) reply.redirect('./', 303);
    },
  );
}
