import type { FastifyInstance } from 'fastify';
import { API_PREFIX, type MirrorChange, type MirrorList } from '../../shared/api.ts';
import {
  changedMirrorSchema,
  modeBodySchema,
  newMirrorSchema,
  reasonBodySchema,
} from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { checked } from './problem.ts';
import { bodyOf, found, idOf, nothingSchema } from './route.ts';

/** The overview, the mode, and the mirrors with what an operator may do to them. */
export function mirrorRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  app.get(`${API_PREFIX}/overview`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return controlPlane.overview();
  });

  app.post(`${API_PREFIX}/mode`, (request) => {
    checked(nothingSchema, request.query, 'query');
    const { mode, reason } = checked(modeBodySchema, bodyOf(request), 'body');
    return controlPlane.setMode(mode, reason);
  });

  app.get(`${API_PREFIX}/mirrors`, (request): MirrorList => {
    checked(nothingSchema, request.query, 'query');
    return { items: [...controlPlane.mirrors()], nextCursor: null };
  });

  app.get(`${API_PREFIX}/mirrors/:id`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return found(controlPlane.mirror(idOf(request)), 'mirror');
  });

  listChanges(app, controlPlane);

  const change = (
    name: string,
    carryOut: (id: string, reason: string | undefined) => MirrorChange | Promise<MirrorChange>,
  ) =>
    app.post(`${API_PREFIX}/mirrors/:id/${name}`, (request) => {
      checked(nothingSchema, request.query, 'query');
      const { reason } = checked(reasonBodySchema, bodyOf(request), 'body');
      return carryOut(idOf(request), reason);
    });
  change('detach', (id, reason) => controlPlane.detachMirror(id, reason));
  change('attach', (id) => controlPlane.attachMirror(id));
  change('retry', (id) => controlPlane.retryMirror(id));
}

function listChanges(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { mirrorList } = controlPlane;

  app.post(`${API_PREFIX}/mirrors`, async (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    const wanted = checked(newMirrorSchema, bodyOf(request), 'body');
    await mirrorList.add(wanted);
    const location = `${API_PREFIX}/mirrors/${encodeURIComponent(wanted.id)}`;
    return reply
      .code(201)
      .header('location', location)
      .send(found(controlPlane.mirror(wanted.id), 'mirror'));
  });

  app.patch(`${API_PREFIX}/mirrors/:id`, async (request) => {
    checked(nothingSchema, request.query, 'query');
    const id = idOf(request);
    await mirrorList.change(id, checked(changedMirrorSchema, bodyOf(request), 'body'));
    return found(controlPlane.mirror(id), 'mirror');
  });

  app.delete(`${API_PREFIX}/mirrors/:id`, async (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    await mirrorList.remove(idOf(request));
    return reply.code(204).send();
  });
}
