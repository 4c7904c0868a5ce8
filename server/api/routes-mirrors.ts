import type { FastifyInstance } from 'fastify';
import {
  API_PREFIX,
  attentionListSchema,
  type MirrorChange,
  mirrorChangeSchema,
  mirrorListSchema,
  mirrorTrialSchema,
  mirrorViewSchema,
  modeChangeSchema,
  overviewSchema,
} from '../../shared/api.ts';
import { mirrorMetricsSchema } from '../../shared/mirror-metrics.ts';
import {
  changedMirrorSchema,
  metricsQuerySchema,
  modeBodySchema,
  newMirrorSchema,
  reasonBodySchema,
  triedMirrorSchema,
} from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { found, route } from './route.ts';

const MIRRORS = `${API_PREFIX}/mirrors`;

/** The overview, the mode, and the mirrors with what an operator may do to them. */
export function mirrorRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  overviewRoutes(app, controlPlane);

  route(
    app,
    {
      method: 'POST',
      scope: 'admin',
      path: `${API_PREFIX}/mode`,
      summary: 'Switch writing off or on',
      body: modeBodySchema,
      answer: modeChangeSchema,
    },
    ({ body }) => controlPlane.setMode(body.mode, body.reason),
  );

  route(
    app,
    { method: 'GET', scope: 'read', path: MIRRORS, summary: 'The mirrors', answer: mirrorListSchema },
    () => ({
      items: [...controlPlane.mirrors()],
      nextCursor: null,
    }),
  );

  route(
    app,
    { method: 'GET', scope: 'read', path: `${MIRRORS}/:id`, summary: 'One mirror', answer: mirrorViewSchema },
    ({ id }) => found(controlPlane.mirror(id), 'mirror'),
  );

  metricsRoute(app, controlPlane);
  additions(app, controlPlane);
  listChanges(app, controlPlane);
  stateChanges(app, controlPlane);
}

function overviewRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${API_PREFIX}/overview`,
      summary: 'The state of everything',
      answer: overviewSchema,
    },
    () => controlPlane.overview(),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${API_PREFIX}/attention`,
      summary: 'What needs a person',
      answer: attentionListSchema,
    },
    () => ({ items: [...controlPlane.attention()], nextCursor: null }),
  );
}

function metricsRoute(app: FastifyInstance, controlPlane: ControlPlane): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${MIRRORS}/:id/metrics`,
      summary: 'Round trips, bytes sent and states of a mirror over time',
      query: metricsQuerySchema,
      answer: mirrorMetricsSchema,
    },
    ({ id, query }) => found(controlPlane.metrics(id, query.range), 'mirror'),
  );
}

function additions(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { mirrorList } = controlPlane;

  route(
    app,
    {
      method: 'POST',
      scope: 'admin',
      path: MIRRORS,
      summary: 'Add a mirror, here and in the configuration file',
      body: newMirrorSchema,
      creates: 'plain',
      status: 201,
      answer: mirrorViewSchema,
    },
    async ({ body, reply }) => {
      await mirrorList.add(body);
      reply.header('location', `${MIRRORS}/${encodeURIComponent(body.id)}`);
      return found(controlPlane.mirror(body.id), 'mirror');
    },
  );

  route(
    app,
    {
      method: 'POST',
      scope: 'admin',
      path: `${MIRRORS}/test`,
      summary: 'Try a mirror before it is added; nothing is changed',
      body: triedMirrorSchema,
      answer: mirrorTrialSchema,
    },
    ({ body }) => mirrorList.test(body),
  );
}

function listChanges(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { mirrorList } = controlPlane;

  route(
    app,
    {
      method: 'PATCH',
      scope: 'admin',
      path: `${MIRRORS}/:id`,
      summary: 'Change settings of a mirror; null takes one back to its default',
      body: changedMirrorSchema,
      answer: mirrorViewSchema,
    },
    async ({ id, body }) => {
      await mirrorList.change(id, body);
      return found(controlPlane.mirror(id), 'mirror');
    },
  );

  route(
    app,
    {
      method: 'DELETE',
      scope: 'admin',
      path: `${MIRRORS}/:id`,
      summary: 'Remove a mirror; its files stay where they are',
      status: 204,
    },
    ({ id }) => mirrorList.remove(id),
  );
}

function stateChanges(app: FastifyInstance, controlPlane: ControlPlane): void {
  const change = (
    name: string,
    summary: string,
    carryOut: (id: string, reason: string | undefined) => MirrorChange | Promise<MirrorChange>,
  ) => {
    route(
      app,
      {
        method: 'POST',
        scope: 'operate',
        path: `${MIRRORS}/:id/${name}`,
        summary,
        body: reasonBodySchema,
        answer: mirrorChangeSchema,
      },
      ({ id, body }) => carryOut(id, body.reason),
    );
  };
  change('detach', 'Count on it no more for now', (id, reason) => controlPlane.detachMirror(id, reason));
  change('attach', 'Count on it again, when it has caught up', (id) => controlPlane.attachMirror(id));
  change('retry', 'Reconnect now instead of after the wait', (id) => controlPlane.retryMirror(id));
}
