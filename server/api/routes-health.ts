import type { FastifyInstance } from 'fastify';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import { checked } from './problem.ts';
import { nothingSchema } from './route.ts';

/** Whether it lives (for anybody), whether it can work, and its figures for Prometheus. */
export function healthRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  app.get('/healthz', { config: { open: true } }, () => ({ status: 'alive' }));

  app.get('/readyz', (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    const readiness = controlPlane.ready();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });

  app.get('/metrics', (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    return reply.type(METRICS_TYPE).send(metricsText(controlPlane.overview()));
  });
}
