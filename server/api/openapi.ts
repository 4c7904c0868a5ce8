import { z } from 'zod';
import { problemDetailsSchema } from '../../shared/api.ts';
import { IDEMPOTENCY_KEY } from '../../shared/requests.ts';
import { openApiPath, type RouteSpec } from './route.ts';

type Json = Record<string, unknown>;

const COMPONENTS = '#/components/schemas/';
const KEY_PARAMETER = {
  name: IDEMPOTENCY_KEY,
  in: 'header',
  required: false,
  description:
    'A key of your own: what is sent again with it is answered as at first, and makes nothing more.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** The routes as an OpenAPI 3.1 document; its schemas are those that requests are checked by. */
export function openApiOf(specs: readonly RouteSpec[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const spec of specs) {
    const path = openApiPath(spec.path);
    paths[path] = { ...paths[path], [spec.method.toLowerCase()]: operationOf(spec, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Proxyfs', version, summary: 'The control plane of one appliance.' },
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf(spec: RouteSpec, schemas: Json): Json {
  const { path, summary, scope, open, query, body, creates, status = 200, answer } = spec;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const problem = { description: 'What is wrong', content: contentOf(problemDetailsSchema, schemas) };
  return {
    summary,
    security: open ? [] : [{ token: [scope] }],
    parameters: [
      ...inPath,
      ...(query ? parametersOf(query, schemas) : []),
      ...(creates ? [KEY_PARAMETER] : []),
    ],
    ...(body && {
      requestBody: { content: { 'application/json': { schema: jsonOf(body, 'input', schemas) } } },
    }),
    responses: {
      [status]: { description: summary, ...(answer && { content: contentOf(answer, schemas) }) },
      default: problem,
    },
  };
}

function parametersOf(query: z.ZodType, schemas: Json): Json[] {
  const { properties = {}, required = [] } = jsonOf(query, 'input', schemas) as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function contentOf(answer: z.ZodType | string, schemas: Json): Json {
  if (typeof answer === 'string') return { [answer]: { schema: { type: 'string' } } };
  const type = answer === problemDetailsSchema ? 'application/problem+json' : 'application/json';
  return { [type]: { schema: jsonOf(answer, 'output', schemas) } };
}

/** Named schemas go to `schemas` and are referred to. */
function jsonOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const whole = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      // The format says the same, and can be read.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // Answers may grow.
      if (io === 'output') delete jsonSchema.additionalProperties;
    },
  });
  const {
    $schema: _dialect,
    $defs,
    ...own
  } = JSON.parse(JSON.stringify(whole).replaceAll('"#/$defs/', `"${COMPONENTS}`)) as Json & { $defs?: Json };
  Object.assign(schemas, $defs);
  return own;
}
