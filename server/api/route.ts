import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Scope } from '../../shared/states.ts';
import { AppError } from '../base/errors.ts';
import type { Access } from './gate.ts';
import { checked } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token. */
    open?: true;
    /** What the route takes and answers, where it is one of the API. */
    spec?: RouteSpec;
  }
  interface FastifyRequest {
    /** How the request came in; null on open routes. */
    access: Access | null;
  }
}

/** What a route takes and answers: checked at each call, and told by the OpenAPI document. */
export interface RouteSpec<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As Fastify has it, with `:id`. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  /** Answers without a token. */
  readonly open?: true;
  /** Without it any parameter is refused. */
  readonly query?: Query;
  /** Without it any field is refused; a missing body is an empty one. */
  readonly body?: Body;
  /** It makes something, once for each `Idempotency-Key`; with `secret` its answer tells one, and isn't kept. */
  readonly creates?: 'plain' | 'secret';
  /** The longest body, where it is more than that of any other. */
  readonly bodyLimit?: number;
  /** 200 where it is not said. */
  readonly status?: 200 | 201 | 202 | 204;
  /** The shape of the answer, or its media type where that isn't JSON; absent with 204. */
  readonly answer?: z.ZodType | string;
}

/** One request to a route, checked. */
export interface RouteCall<Query extends z.ZodType, Body extends z.ZodType> {
  /** The `:id` of the path, or nothing. */
  readonly id: string;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const nothingSchema = z.strictObject({});
type Nothing = typeof nothingSchema;
const paramsSchema = z.object({ id: z.string().default('') });

/** Adds a route of the API: `carryOut` gets what the specification lets through, and returns the answer. */
export function route<Query extends z.ZodType = Nothing, Body extends z.ZodType = Nothing>(
  app: FastifyInstance,
  spec: RouteSpec<Query, Body>,
  carryOut: (call: RouteCall<Query, Body>) => unknown,
): void {
  const { method, path, status = 200 } = spec;
  app.route({
    method,
    url: path,
    ...(spec.bodyLimit !== undefined && { bodyLimit: spec.bodyLimit }),
    config: { spec, ...(spec.open && { open: true as const }) },
    handler: async (request, reply) => {
      const query = checked(spec.query ?? nothingSchema, request.query, 'query') as z.output<Query>;
      const body = checked(spec.body ?? nothingSchema, request.body ?? {}, 'body') as z.output<Body>;
      reply.code(status);
      const answer = await carryOut({ ...paramsSchema.parse(request.params), query, body, request, reply });
      if (reply.sent) return reply;
      return status === 204 ? reply.send() : answer;
    },
  });
}

/** With `{id}` instead of `:id`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

/** What was found, or RESOURCE_NOT_FOUND. */
export function found<Resource>(resource: Resource | undefined, what: string): Resource {
  if (resource === undefined) throw new AppError('RESOURCE_NOT_FOUND', `There is no such ${what}`);
  return resource;
}
