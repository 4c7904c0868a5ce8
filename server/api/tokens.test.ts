import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newTokenViewSchema, tokenListSchema, whoSchema } from '../../shared/access.ts';
import { problemDetailsSchema } from '../../shared/api.ts';
import { SCOPES, type Scope } from '../../shared/states.ts';
import { silentLogger } from '../base/logger.ts';
import { type ApiBench, cookieOf, loginRequest, startApiBench } from '../testing/api-bench.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { Tokens } from './tokens.ts';

const HOUR_MS = 3_600_000;

describe('the store of tokens', () => {
  let temp: TempDirectory;
  let file: string;
  let nowMs: number;
  const load = () => Tokens.load(file, silentLogger, () => nowMs);

  beforeEach(async () => {
    temp = await tempDirectory('tokens');
    file = join(temp.path, 'tokens.json');
    nowMs = Date.parse('2030-01-01T00:00:00Z');
  });
  afterEach(() => temp.remove());

  it('outlives a restart, with the last use, and holds nothing that opens a door', async () => {
    const first = await load();
    const { token, id } = await first.create({ name: 'backup', scope: 'operate' });
    nowMs += HOUR_MS;
    expect(first.grantOf(token)).toEqual({ scope: 'operate', tokenId: id });
    await first.close();
    expect(await readFile(file, 'utf8')).not.toContain(token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const second = await load();
    expect(second.list()).toEqual([
      {
        id,
        name: 'backup',
        scope: 'operate',
        createdAt: '2030-01-01T00:00:00.000Z',
        expiresAt: null,
        lastUsedAt: '2030-01-01T01:00:00.000Z',
      },
    ]);
    expect(second.grantOf(token)).toEqual({ scope: 'operate', tokenId: id });
    expect(second.grantOf(`${token}x`)).toBeUndefined();
  });

  it('lets a token open nothing once it is expired or revoked', async () => {
    const tokens = await load();
    const expiresAt = new Date(nowMs + HOUR_MS).toISOString();
    const brief = await tokens.create({ name: 'brief', scope: 'read', expiresAt });
    const other = await tokens.create({ name: 'other', scope: 'read' });
    nowMs += HOUR_MS;
    expect(tokens.grantOf(brief.token)).toBeUndefined();
    expect(tokens.stillGrants({ scope: 'read', tokenId: brief.id })).toBe(false);
    await tokens.revoke(other.id);
    expect(tokens.grantOf(other.token)).toBeUndefined();
    expect((await load()).list().map(({ name }) => name)).toEqual(['brief']);
    await expect(tokens.revoke(other.id)).rejects.toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  });

  it('refuses a name twice, and more than a hundred', async () => {
    const tokens = await load();
    const names = Array.from({ length: 100 }, (_, number) => `t${number}`);
    await Promise.all(names.map((name) => tokens.create({ name, scope: 'read' })));
    await expect(tokens.create({ name: 't1', scope: 'read' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await expect(tokens.create({ name: 'x', scope: 'read' })).rejects.toMatchObject({
      code: 'TOO_MANY_TOKENS',
    });
    expect(tokens.list()).toHaveLength(100);
  });

  it('that is damaged or of another version opens nothing, and is left as it is', async () => {
    const { token } = await (await load()).create({ name: 'a', scope: 'admin' });
    const sound = await readFile(file, 'utf8');
    for (const damaged of [sound.slice(0, -9), sound.replace('"version": 1', '"version": 2'), '']) {
      await writeFile(file, damaged);
      const tokens = await load();
      expect(tokens.grantOf(token)).toBeUndefined();
      await expect(tokens.create({ name: 'b', scope: 'read' })).rejects.toMatchObject({
        code: 'TOKENS_FAILED',
      });
      await tokens.close();
      expect(await readFile(file, 'utf8')).toBe(damaged);
    }
  });

  it('keeps what it holds where the file can not be written', async () => {
    const tokens = await load();
    const { token } = await tokens.create({ name: 'a', scope: 'read' });
    await temp.remove();
    await expect(tokens.create({ name: 'b', scope: 'read' })).rejects.toMatchObject({
      code: 'TOKENS_FAILED',
    });
    expect(tokens.list().map(({ name }) => name)).toEqual(['a']);
    expect(tokens.grantOf(token)).toBeDefined();
  });
});

describe('a token made over REST', () => {
  let bench: ApiBench;

  beforeEach(async () => {
    bench = await startApiBench();
  });
  afterEach(() => bench.stop());

  const send = (path: string, method: string, body?: object) =>
    bench.call(`/api/v1${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });

  async function made(scope: Scope, name: string = scope) {
    const answer = await send('/tokens', 'POST', { name, scope });
    expect(answer.status).toBe(201);
    return newTokenViewSchema.parse(JSON.parse(answer.body));
  }

  const statusWith = async (token: string, path: string, method = 'GET') =>
    (await bench.stranger(path, { method, headers: { authorization: `Bearer ${token}` } })).status;

  /** Each route that needs a token, with the scope that the document names. */
  async function guardedRoutes(): Promise<{ method: string; path: string; scope: Scope }[]> {
    const { paths } = JSON.parse((await bench.call('/api/openapi.json')).body) as {
      paths: Record<string, Record<string, { security: { token: Scope[] }[] }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        method,
        path,
        scope: security[0]?.token[0],
      })),
    );
    return routes.flatMap(({ method, path, scope }) =>
      scope ? [{ method: method.toUpperCase(), path: path.replace('{id}', 'nobody'), scope }] : [],
    );
  }

  it('is let in by every route that its scope includes, and by no other', async () => {
    const routes = await guardedRoutes();
    expect(new Set(routes.map(({ scope }) => scope))).toEqual(new Set(SCOPES));
    for (const held of SCOPES) {
      const { token } = await made(held);
      for (const { method, path, scope } of routes) {
        const isRefused = (await statusWith(token, path, method)) === 403;
        const isLess = SCOPES.indexOf(held) < SCOPES.indexOf(scope);
        expect({ held, method, path, isRefused }).toEqual({ held, method, path, isRefused: isLess });
      }
    }
  });

  it('is told why it is refused, and who it is', async () => {
    const { token } = await made('read');
    const headers = { authorization: `Bearer ${token}` };
    const refused = await bench.stranger('/api/v1/mirrors/web1/detach', { method: 'POST', headers });
    expect(problemDetailsSchema.parse(JSON.parse(refused.body))).toMatchObject({
      code: 'SCOPE_MISSING',
      detail: 'This needs the scope operate, and the token has read',
    });
    expect(bench.controlPlane.mirror('web1')?.detached).toBe(false);
    const who = whoSchema.parse(JSON.parse((await bench.stranger('/api/v1/session', { headers })).body));
    expect(who).toEqual({ by: 'token', scope: 'read' });
  });

  it('is listed without its secret, and ends with all that it has opened when it is revoked', async () => {
    const { id, token } = await made('operate');
    const cookie = cookieOf(await bench.stranger('/session', loginRequest(token)));
    const inBrowser = { headers: { cookie } };
    expect((await bench.stranger('/api/v1/overview', inBrowser)).status).toBe(200);
    const list = await bench.call('/api/v1/tokens');
    expect(tokenListSchema.parse(JSON.parse(list.body)).items).toMatchObject([{ id, scope: 'operate' }]);
    expect(list.body).not.toContain(token);
    expect((await send(`/tokens/${id}`, 'DELETE')).status).toBe(204);
    expect(await statusWith(token, '/api/v1/overview')).toBe(401);
    expect((await bench.stranger('/api/v1/overview', inBrowser)).status).toBe(401);
  });

  it('can neither be of no name, nor have expired already', async () => {
    for (const body of [
      { name: ' ', scope: 'read' },
      { name: 'a', scope: 'root' },
      { name: 'a', scope: 'read', expiresAt: '2020-01-01T00:00:00Z' },
    ])
      expect((await send('/tokens', 'POST', body)).status).toBe(400);
  });
});
