import type { FastifyInstance, FastifyReply } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import {
  type JobRequest,
  jobItemsSchema,
  jobListSchema,
  jobRequestSchema,
  jobViewSchema,
  resyncBodySchema,
} from '../../shared/jobs.ts';
import type { ControlPlane, JobControl } from '../appliance/control-plane.ts';
import { found, route } from './route.ts';

const JOBS = `${API_PREFIX}/jobs`;
const CHANGES = {
  pause: 'Hold a job up until it is resumed',
  resume: 'Go on with a job that is paused',
  cancel: 'End a job; what it has done stays',
} as const;

/** Resyncs and scrubs: begin one, follow it, hold it up or end it. */
export function jobRoutes(app: FastifyInstance, { jobs }: ControlPlane): void {
  readingRoutes(app, jobs);
  startingRoutes(app, jobs);
  for (const [change, summary] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    route(
      app,
      {
        method: 'POST',
        scope: 'operate',
        path: `${JOBS}/:id/${change}`,
        summary,
        status: 202,
        answer: jobViewSchema,
      },
      ({ id }) => jobs.change(id, change),
    );
  }
}

function readingRoutes(app: FastifyInstance, jobs: JobControl): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: JOBS,
      summary: 'Resyncs and scrubs, newest first',
      answer: jobListSchema,
    },
    () => ({ items: [...jobs.list()], nextCursor: null }),
  );

  route(
    app,
    { method: 'GET', scope: 'read', path: `${JOBS}/:id`, summary: 'One job', answer: jobViewSchema },
    ({ id }) => found(jobs.find(id), 'job'),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${JOBS}/:id/items`,
      summary: 'What a job has found',
      answer: jobItemsSchema,
    },
    ({ id }) => found(jobs.items(id), 'job'),
  );
}

function startingRoutes(app: FastifyInstance, jobs: JobControl): void {
  const start = (reply: FastifyReply, wanted: JobRequest) => {
    const job = jobs.start(wanted);
    reply.header('location', `${JOBS}/${job.id}`);
    return job;
  };

  route(
    app,
    {
      method: 'POST',
      scope: 'operate',
      path: JOBS,
      summary: 'Begin a resync or a scrub',
      body: jobRequestSchema,
      creates: 'plain',
      status: 202,
      answer: jobViewSchema,
    },
    ({ body, reply }) => start(reply, body),
  );

  route(
    app,
    {
      method: 'POST',
      scope: 'operate',
      path: `${API_PREFIX}/mirrors/:id/resync`,
      summary: 'Begin a resync of a mirror',
      body: resyncBodySchema,
      creates: 'plain',
      status: 202,
      answer: jobViewSchema,
    },
    ({ id, body, reply }) => start(reply, { ...body, type: 'resync', mirror: id }),
  );
}
