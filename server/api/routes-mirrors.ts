import type { FastifyInstance } from 'fastify';
import { API_PREFIX, type MirrorChange, type MirrorList } from '../../shared/api.ts';
import { reasonBodySchema } from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { checked } from './problem.ts';
import { bodyOf, found, idOf, nothingSchema } from './route.ts';

/** The overview, and the mirrors with what an operator may do to them. */
export function mirrorRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  app.get(`${API_PREFIX}/overview`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return controlPlane.overview();
  });

  app.get(`${API_PREFIX}/mirrors`, (request): MirrorList => {
    checked(nothingSchema, request.query, 'query');
    return { items: [...controlPlane.mirrors()], nextCursor: null };
  });

  app.get(`${API_PREFIX}/mirrors/:id`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return found(controlPlane.mirror(idOf(request)), 'mirror');
  });

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
