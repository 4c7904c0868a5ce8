import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { openApiOf } from './openapi.ts';
import { route, type RouteSpec } from './route.ts';

/** What all routes take and answer, those that come after this one too. */
export function documentRoute(app: FastifyInstance, specs: readonly RouteSpec[], version: string): void {
  const spec: RouteSpec = {
    method: 'GET',
    scope: 'read',
    path: '/api/openapi.json',
    summary: 'This document',
    answer: z.looseObject({ openapi: z.string() }),
  };
  route(app, spec, () => openApiOf(specs, version));
}
