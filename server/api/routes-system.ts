import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import { diagnosticsSchema, systemViewSchema } from '../../shared/system.ts';
import { route } from './route.ts';
import type { System } from './system.ts';

/** The process that serves, and all that somebody who helps needs to see. */
export function systemRoutes(app: FastifyInstance, system: System): void {
  route(
    app,
    {
      method: 'GET',
      path: `${API_PREFIX}/system`,
      scope: 'read',
      summary: 'The process that serves, and what it keeps',
      answer: systemViewSchema,
    },
    () => system.view(),
  );

  route(
    app,
    {
      method: 'GET',
      path: `${API_PREFIX}/diagnostics`,
      scope: 'admin',
      summary: 'State and log in one file, for somebody who helps',
      answer: diagnosticsSchema,
    },
    ({ reply }) => {
      reply.header('content-disposition', 'attachment; filename="proxyfs-diagnostics.json"');
      return system.diagnostics();
    },
  );
}
