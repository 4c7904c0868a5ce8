import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { docsPage, type ShownDocument } from './docs-page.ts';
import { openApiOf } from './openapi.ts';
import { route, type RouteSpec } from './route.ts';

/** What all routes take and answer, those that come after these too: for programs, and to read. */
export function documentRoutes(app: FastifyInstance, specs: readonly RouteSpec[], version: string): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/api/openapi.json',
      summary: 'This document',
      answer: z.looseObject({ openapi: z.string() }),
    },
    () => openApiOf(specs, version),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: '/api/docs',
      summary: 'The same to read',
      answer: 'text/html; charset=utf-8',
    },
    ({ reply }) => {
      reply.type('text/html; charset=utf-8');
      return docsPage(openApiOf(specs, version) as unknown as ShownDocument);
    },
  );
}
