import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiBench, startApiBench, TEST_TOKEN } from '../testing/api-bench.ts';
import type { PlainAnswer } from '../testing/http-request.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface Operation {
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}

let bench: ApiBench;
let openApi: Document;

beforeEach(async () => {
  bench = await startApiBench();
  openApi = JSON.parse((await bench.call('/api/openapi.json')).body) as Document;
});
afterEach(() => bench.stop());

const operations = () =>
  Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

it('tells every route that is served, and no other', () => {
  const told = operations().map(({ method, path }) => `${method} ${path}`);
  const served = bench.server.routes
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(told.toSorted()).toEqual(served.toSorted());
  expect(told.length).toBeGreaterThan(25);
});

it('says what each route is for, what is in its path, and how it fails', () => {
  for (const { path, operation } of operations()) {
    expect(operation.summary).toMatch(/^[A-Z].{5,}[^.]$/);
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
    expect(Object.keys(operation.responses)).toContain('default');
  }
});

it('refers only to what it holds', () => {
  expect(openApi.openapi).toBe('3.1.0');
  const references = JSON.stringify(openApi).match(/"#\/[^"]+"/g) ?? [];
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references) {
    const found = reference
      .slice(3, -1)
      .split('/')
      .reduce<unknown>((within, key) => (within as Record<string, unknown>)[key], openApi);
    expect({ reference, found: typeof found }).toEqual({ reference, found: 'object' });
  }
});

it('names parameters and bodies that a call may carry', () => {
  const { parameters } = openApi.paths['/api/v1/transactions']?.['get'] ?? { parameters: [] };
  expect(parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['outcome', 'pathPrefix', 'limit', 'cursor']),
  );
  expect(openApi.paths['/api/v1/mirrors']?.['post']?.requestBody).toBeDefined();
});

/** The answer's media type and shape are those that the document tells for its status, or else for what fails. */
function checkAnswer({ path, method, answer }: { path: string; method: string; answer: PlainAnswer }): void {
  const operation = openApi.paths[path]?.[method.toLowerCase()];
  const told = operation?.responses[String(answer.status)];
  const { content = {} } = told ?? operation?.responses['default'] ?? {};
  const call = `${method} ${path} ${answer.status}`;
  if (answer.status === 204) return expect([call, answer.body, content]).toEqual([call, '', {}]);
  const type = answer.headers['content-type']?.split(';')[0] ?? '';
  const schema = Object.entries(content).find(([each]) => each.split(';')[0] === type)?.[1].schema;
  expect({ call, type, told: schema !== undefined }).toEqual({ call, type, told: true });
  if (!type.endsWith('json') || !schema) return;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...openApi, $id: 'document' });
  const isValid = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object);
  expect({ call, valid: isValid(JSON.parse(answer.body)), errors: isValid.errors }).toMatchObject({
    valid: true,
  });
}

/** Something of each kind that there are lists of. */
function plantEach(): void {
  const { controlPlane } = bench;
  controlPlane.jobs.begins = { state: 'running' };
  controlPlane.jobs.start({ type: 'scrub', path: '/', compare: 'quick', repair: false, confirm: false });
  controlPlane.attentionItems.push({
    id: 'mirror/web1',
    mirror: 'web1',
    severity: 'critical',
    code: 'MIRROR_TIMEOUT',
    message: 'web1 is down',
    openedAt: '2026-01-01T00:00:00.000Z',
  });
}

function placeOf(path: string): string {
  const id = path.includes('transactions') ? 'tx-1' : path.includes('jobs') ? 'job-1' : 'web1';
  return path.replace('{id}', id);
}

it('is what the answers of routes that read are like', async () => {
  plantEach();
  const readings = operations().filter(({ method }) => method === 'GET');
  const done: string[] = [];
  for (const { path, method } of readings) {
    const answer = await bench.call(placeOf(path));
    checkAnswer({ path, method, answer });
    if (answer.status === 200) done.push(path);
  }
  const failed = readings.map(({ path }) => path).filter((path) => !done.includes(path));
  // Here is no configuration file.
  expect(failed).toEqual(['/api/v1/config', '/api/v1/config/versions/{id}']);
});

/** A request that each changing route carries out. */
const CHANGES: readonly (readonly [call: string, body?: object])[] = [
  ['POST /api/v1/mode', { mode: 'readOnly' }],
  ['POST /api/v1/mirrors', { id: 'web2', host: 'h', path: '/p' }],
  ['POST /api/v1/mirrors/test', { id: 'web3', host: 'h' }],
  ['PATCH /api/v1/mirrors/{id}', { path: '/q' }],
  ['POST /api/v1/mirrors/{id}/detach', { reason: 'new disk' }],
  ['POST /api/v1/mirrors/{id}/attach', {}],
  ['POST /api/v1/mirrors/{id}/retry', {}],
  ['POST /api/v1/mirrors/{id}/resync', {}],
  ['POST /api/v1/transactions/{id}/retry', {}],
  ['POST /api/v1/transactions/{id}/cancel', {}],
  ['POST /api/v1/jobs', { type: 'scrub' }],
  ['POST /api/v1/jobs/{id}/pause', {}],
  ['POST /api/v1/jobs/{id}/resume', {}],
  ['POST /api/v1/jobs/{id}/cancel', {}],
  ['POST /api/v1/tokens', { name: 'robot', scope: 'read' }],
  ['POST /api/v1/session', { token: TEST_TOKEN }],
  ['DELETE /api/v1/session'],
  ['DELETE /api/v1/mirrors/{id}'],
];

it('is what the answers of routes that change are like, where they do it and where they refuse', async () => {
  plantEach();
  const ask = (method: string, path: string, body?: object) =>
    bench.call(placeOf(path), {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  for (const [call, body] of CHANGES) {
    const [method = '', path = ''] = call.split(' ');
    const answer = await ask(method, path, body);
    expect([call, answer.status]).toEqual([call, expect.toSatisfy((status: number) => status < 300)]);
    checkAnswer({ path, method, answer });
  }
  for (const { path, method } of operations()) {
    if (method === 'GET') continue;
    const body = method === 'DELETE' ? undefined : { nonsense: true };
    checkAnswer({ path, method, answer: await ask(method, path, body) });
  }
});
