import type { FastifyInstance, FastifyReply } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import { type JobList, type JobRequest, jobRequestSchema, resyncBodySchema } from '../../shared/jobs.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { checked } from './problem.ts';
import { bodyOf, found, idOf, nothingSchema } from './route.ts';

const CHANGES = ['pause', 'resume', 'cancel'] as const;

/** Resyncs and scrubs: begin one, follow it, hold it up or end it. */
export function jobRoutes(app: FastifyInstance, { jobs }: ControlPlane): void {
  app.get(`${API_PREFIX}/jobs`, (request): JobList => {
    checked(nothingSchema, request.query, 'query');
    return { items: [...jobs.list()], nextCursor: null };
  });

  app.get(`${API_PREFIX}/jobs/:id`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return found(jobs.find(idOf(request)), 'job');
  });

  app.get(`${API_PREFIX}/jobs/:id/items`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return found(jobs.items(idOf(request)), 'job');
  });

  const start = (reply: FastifyReply, wanted: JobRequest) => {
    const job = jobs.start(wanted);
    return reply.code(202).header('location', `${API_PREFIX}/jobs/${job.id}`).send(job);
  };

  app.post(`${API_PREFIX}/jobs`, (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    return start(reply, checked(jobRequestSchema, bodyOf(request), 'body'));
  });

  app.post(`${API_PREFIX}/mirrors/:id/resync`, (request, reply) => {
    checked(nothingSchema, request.query, 'query');
    const body = checked(resyncBodySchema, bodyOf(request), 'body');
    return start(reply, { ...body, type: 'resync', mirror: idOf(request) });
  });

  for (const change of CHANGES) {
    app.post(`${API_PREFIX}/jobs/:id/${change}`, (request, reply) => {
      checked(nothingSchema, request.query, 'query');
      checked(nothingSchema, bodyOf(request), 'body');
      return reply.code(202).send(jobs.change(idOf(request), change));
    });
  }
}
