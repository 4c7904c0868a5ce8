import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../base/errors.ts';
import type { Access } from './gate.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token. */
    open?: true;
  }
  interface FastifyRequest {
    /** How the request came in; null on open routes. */
    access: Access | null;
  }
}

/** The query or body of a route that takes none: whatever is sent is refused. */
export const nothingSchema = z.strictObject({});

/** The `:id` of a route's path. */
export function idOf(request: FastifyRequest): string {
  return idSchema.parse(request.params).id;
}

/** The body, where a missing one is an empty one. */
export function bodyOf(request: FastifyRequest): unknown {
  return request.body ?? {};
}

/** What was found, or RESOURCE_NOT_FOUND. */
export function found<Resource>(resource: Resource | undefined, what: string): Resource {
  if (resource === undefined) throw new AppError('RESOURCE_NOT_FOUND', `There is no such ${what}`);
  return resource;
}

const idSchema = z.object({ id: z.string() });
