import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import {
  configurationVerdictSchema,
  configurationVersionsSchema,
  configurationVersionTextSchema,
  configurationViewSchema,
} from '../../shared/configuration.ts';
import { CONFIGURATION_BYTES, configurationBodySchema } from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { AppError } from '../base/errors.ts';
import { found, route } from './route.ts';

const CONFIG = `${API_PREFIX}/config`;
/** JSON escapes a line's end, and more than that where a text is odd. */
const BODY_BYTES = 2 * CONFIGURATION_BYTES;

/** The configuration file: read, checked and changed as a whole. */
export function configurationRoutes(app: FastifyInstance, { configuration }: ControlPlane): void {
  route(
    app,
    {
      method: 'GET',
      path: CONFIG,
      scope: 'admin',
      summary: 'The configuration file, and what of it waits for a restart',
      answer: configurationViewSchema,
    },
    async ({ reply }) => {
      const view = await configuration.read();
      reply.header('etag', view.etag);
      return view;
    },
  );

  route(
    app,
    {
      method: 'POST',
      path: `${CONFIG}/validate`,
      scope: 'admin',
      summary: 'All mistakes of a text, and what it would change; nothing is changed',
      body: configurationBodySchema,
      bodyLimit: BODY_BYTES,
      answer: configurationVerdictSchema,
    },
    ({ body }) => configuration.validate(body.text),
  );

  route(
    app,
    {
      method: 'PUT',
      path: CONFIG,
      scope: 'admin',
      summary: 'Replace the configuration file; needs If-Match with its ETag',
      body: configurationBodySchema,
      bodyLimit: BODY_BYTES,
      answer: configurationViewSchema,
    },
    async ({ body, request, reply }) => {
      const etag = request.headers['if-match'];
      if (etag === undefined) throw new AppError('PRECONDITION_NEEDED');
      const view = await configuration.replace(body.text, etag);
      reply.header('etag', view.etag);
      return view;
    },
  );
  versionRoutes(app, configuration);
}

function versionRoutes(app: FastifyInstance, configuration: ControlPlane['configuration']): void {
  route(
    app,
    {
      method: 'GET',
      path: `${CONFIG}/versions`,
      scope: 'admin',
      summary: 'What the configuration file was before its changes',
      answer: configurationVersionsSchema,
    },
    async () => ({ items: await configuration.versions(), nextCursor: null }),
  );

  route(
    app,
    {
      method: 'GET',
      path: `${CONFIG}/versions/:id`,
      scope: 'admin',
      summary: 'The text of an earlier configuration file',
      answer: configurationVersionTextSchema,
    },
    async ({ id }) => ({ id, text: found(await configuration.version(id), 'version') }),
  );
}
