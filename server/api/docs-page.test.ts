import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { schemaText } from './schema-text.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench();
});
afterEach(() => bench.stop());

describe('the page of the API', () => {
  it('has every call of the document, and every shape that it names', async () => {
    const { body } = await bench.call('/api/docs');
    const { paths, components } = JSON.parse((await bench.call('/api/openapi.json')).body) as {
      paths: Record<string, Record<string, unknown>>;
      components: { schemas: Record<string, unknown> };
    };
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls.length).toBeGreaterThan(30);
    for (const call of calls) expect(body).toContain(`<h3><code>${call}</code></h3>`);
    const places = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !places.has(id))).toEqual([]);
    expect(new Set(links.filter((id) => id?.startsWith('shape-'))).size).toBeGreaterThan(10);
    for (const name of Object.keys(components.schemas)) expect(places).toContain(`shape-${name}`);
    expect(places.size).toBe([...body.matchAll(/ id="/g)].length);
  });

  it('runs no script, and asks for nothing but the document', async () => {
    const { body, headers } = await bench.call('/api/docs');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(body).not.toMatch(/<script|<link|<img|src=|@import|url\(|undefined|\[object/);
    expect([...body.matchAll(/href="([^#"][^"]*)"/g)].map(([, target]) => target)).toEqual(['openapi.json']);
  });

  it('shows a stranger the login, and nothing of itself', async () => {
    const { status, body } = await bench.stranger('/api/docs', { headers: { accept: 'text/html' } });
    expect([status, body.includes('Sign in'), body.includes('/api/v1')]).toEqual([401, true, false]);
    expect((await bench.stranger('/api/docs')).headers['content-type']).toContain('problem+json');
  });
});

it('writes a schema as TypeScript does', () => {
  const schema = {
    type: 'object',
    required: ['id', 'state'],
    properties: {
      id: { type: 'string' },
      state: { enum: ['up', 'down'] },
      reason: { $ref: '#/components/schemas/Reason' },
      at: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
      parts: { type: 'array', items: { type: 'object', properties: { n: { const: 1 } } } },
      fields: { type: 'object', additionalProperties: {} },
    },
  };
  expect(schemaText(schema, (name) => `<${name}>`)).toBe(`{
  id: string
  state: "up" | "down"
  reason?: <Reason>
  at?: string (date-time) | null
  parts?: Array<{
    n?: 1
  }>
  fields?: {
    [name]: anything
  }
}`);
});
