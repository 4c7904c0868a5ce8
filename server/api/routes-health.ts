import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { livenessSchema, readinessSchema } from '../../shared/api.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import { route } from './route.ts';

/** Whether it lives (for anybody), whether it can work, and its figures for Prometheus. */
export function healthRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/healthz',
      summary: 'Whether it lives; needs no token',
      open: true,
      query: z.looseObject({}),
      answer: livenessSchema,
    },
    () => ({ status: 'alive' }),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/readyz',
      summary: 'Whether it can work, check by check; 503 where it cannot',
      answer: readinessSchema,
    },
    ({ reply }) => {
      const readiness = controlPlane.ready();
      if (!readiness.ready) reply.code(503);
      return readiness;
    },
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/metrics',
      summary: 'Its figures for Prometheus',
      answer: METRICS_TYPE,
    },
    ({ reply }) => reply.type(METRICS_TYPE).send(metricsText(controlPlane.overview())),
  );
}
