import type { FastifyInstance } from 'fastify';
import { API_PREFIX, whoSchema } from '../../shared/api.ts';
import { loginSchema } from '../../shared/requests.ts';
import { formRoutes } from './forms.ts';
import type { Gate } from './gate.ts';
import { wantsPage } from './login-page.ts';
import { route } from './route.ts';

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
}

function loginRoute(app: FastifyInstance, gate: Gate, path: string): void {
  const summary = 'Log in by the password or a token: sets the cookie of a session';
  route(
    app,
    { method: 'POST', scope: 'read', path, summary, open: true, body: loginSchema, status: 204 },
    async ({ body, request, reply }) => {
      const secret = 'token' in body ? body.token : body.password;
      reply.header('set-cookie', await gate.logIn(secret, request.raw));
      if (wantsPage(request.method, request.url, request.headers.accept)) reply.redirect('/', 303);
    },
  );
}
