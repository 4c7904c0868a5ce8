import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';

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

it('is what the answers are like', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...openApi, $id: 'document' });
  let checkedAnswers = 0;
  for (const { path, method, operation } of operations()) {
    if (method !== 'GET') continue;
    const answer = await bench.call(path.replace('{id}', path.includes('transactions') ? 'tx-1' : 'web1'));
    const content =
      operation.responses[String(answer.status)]?.content ?? operation.responses['default']?.content;
    const type = answer.headers['content-type']?.split(';')[0] ?? '';
    const schema = Object.entries(content ?? {}).find(([told]) => told.split(';')[0] === type)?.[1].schema;
    expect({ path, type, told: schema !== undefined }).toEqual({ path, type, told: true });
    if (!type.endsWith('json') || !schema) continue;
    const isValid = ajv.compile(
      JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object,
    );
    expect({ path, valid: isValid(JSON.parse(answer.body)), errors: isValid.errors }).toMatchObject({
      valid: true,
    });
    checkedAnswers += 1;
  }
  expect(checkedAnswers).toBeGreaterThan(8);
});
