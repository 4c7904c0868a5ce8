import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionListSchema } from '../../shared/access.ts';
import { type AuditEntry, auditListSchema } from '../../shared/audit.ts';
import { logPageSchema } from '../../shared/log.ts';
import { diagnosticsSchema, systemViewSchema } from '../../shared/system.ts';
import { LogRing } from '../base/log-ring.ts';
import { jsonLogger, silentLogger } from '../base/logger.ts';
import { type ApiBench, cookieOf, loginRequest, startApiBench, TEST_TOKEN } from '../testing/api-bench.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { Audit } from './audit.ts';

const ENTRY: Omit<AuditEntry, 'id' | 'at'> = {
  method: 'POST',
  route: '/api/v1/mode',
  target: null,
  fields: ['mode'],
  status: 200,
  by: 'session',
  token: null,
  address: '127.0.0.1',
};

let temp: TempDirectory;
let bench: ApiBench;
let log: LogRing;

beforeEach(async () => {
  temp = await tempDirectory('records');
  log = new LogRing();
  bench = await startApiBench({
    statePath: temp.path,
    log,
    logger: jsonLogger('debug', (line) => log.add(line)),
  });
});
afterEach(async () => {
  await bench.stop();
  await temp.remove();
});

const json = { 'content-type': 'application/json' };
const change = (path: string, body: object, method = 'POST') =>
  bench.call(`/api/v1${path}`, { method, headers: json, body: JSON.stringify(body) });
const audit = async (query = '') =>
  auditListSchema.parse(JSON.parse((await bench.call(`/api/v1/audit${query}`)).body));

describe('the audit', () => {
  it('tells each change with who made it, and none of what was said', async () => {
    await change('/mirrors/web1/detach', { reason: 'secret-reason' });
    await change('/mirrors/nobody/attach', {});
    const { items } = await audit();
    expect(items).toMatchObject([
      { method: 'POST', route: '/api/v1/mirrors/{id}/attach', target: 'nobody', status: 404, by: 'token' },
      { route: '/api/v1/mirrors/{id}/detach', target: 'web1', fields: ['reason'], status: 200, token: null },
    ]);
    expect(JSON.stringify(items)).not.toContain('secret-reason');
  });

  it('names the token that was made, and its maker', async () => {
    const { token } = JSON.parse((await change('/tokens', { name: 'robot', scope: 'operate' })).body) as {
      token: string;
    };
    const headers = { ...json, authorization: `Bearer ${token}` };
    await bench.stranger('/api/v1/mode', { method: 'POST', headers, body: '{"mode":"readOnly"}' });
    expect((await audit()).items).toMatchObject([
      { route: '/api/v1/mode', token: 'robot', status: 403 },
      { route: '/api/v1/tokens', token: null, status: 201 },
    ]);
  });

  it('tells who came in, and leaves those who did not to the log', async () => {
    await bench.stranger('/session', loginRequest('wrong'));
    await bench.stranger('/session', loginRequest(TEST_TOKEN));
    await bench.stranger('/api/v1/mode', { method: 'POST', headers: json, body: '{}' });
    expect((await audit()).items).toMatchObject([{ route: '/session', by: 'login', fields: ['token'] }]);
    expect(log.read({ level: 'warn', limit: 9 }).items.map(({ event }) => event)).toContain(
      'api.wrong-password',
    );
  });

  it('has an entry for each route that changes something', async () => {
    const { paths } = JSON.parse((await bench.call('/api/openapi.json')).body) as {
      paths: Record<string, Record<string, { security: unknown[] }>>;
    };
    const changing = Object.entries(paths).flatMap(([route, methods]) =>
      Object.entries(methods)
        .filter(([method, { security }]) => method !== 'get' && security.length > 0)
        .map(([method]) => ({ route, method: method.toUpperCase() })),
    );
    expect(changing.length).toBeGreaterThan(15);
    for (const { route, method } of changing)
      await bench.call(route.replace('{id}', 'nobody'), {
        method,
        ...(method !== 'DELETE' && { headers: json, body: '{}' }),
      });
    const told = (await audit('?limit=200')).items.map(({ route, method }) => `${method} ${route}`);
    expect(told.reverse()).toEqual(changing.map(({ route, method }) => `${method} ${route}`));
  });

  it('goes back page by page, and is there after a restart', async () => {
    const kept = await Audit.load(join(temp.path, 'other.jsonl'), silentLogger);
    for (let k = 0; k < 25; k += 1) kept.add({ ...ENTRY, target: `m${k}` });
    await kept.close();
    await appendFile(join(temp.path, 'other.jsonl'), '{"cut');
    const again = await Audit.load(join(temp.path, 'other.jsonl'), silentLogger);
    const first = again.list({ limit: 20 });
    expect(first.items.map(({ target }) => target).slice(0, 2)).toEqual(['m24', 'm23']);
    const rest = again.list({ limit: 20, cursor: Number(first.nextCursor) });
    expect([rest.items.length, rest.items.at(-1)?.target, rest.nextCursor]).toEqual([5, 'm0', null]);
  });

  it('is narrowed by what an entry says and how it ended, over all pages', async () => {
    const kept = await Audit.load(join(temp.path, 'searched.jsonl'), silentLogger);
    for (let k = 0; k < 30; k += 1)
      kept.add({
        ...ENTRY,
        route: '/mirrors/{id}',
        target: `web${k % 3}`,
        status: k % 2 === 0 ? 202 : 409,
        address: `10.0.0.${k}`,
      });
    const targets = (query: Partial<Parameters<Audit['list']>[0]>) =>
      kept.list({ limit: 50, ...query }).items.map(({ target, address }) => `${target} ${address}`);
    expect(targets({ contains: 'WEB1' })).toHaveLength(10);
    expect(targets({ contains: 'web1', result: 'refused' })).toHaveLength(5);
    expect(targets({ contains: '10.0.0.7' })).toEqual(['web1 10.0.0.7']);
    expect(targets({ contains: 'nowhere' })).toEqual([]);
    const first = kept.list({ limit: 4, result: 'done' });
    const rest = kept.list({ limit: 50, result: 'done', cursor: Number(first.nextCursor) });
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([4, 11, null]);
    expect((await bench.call('/api/v1/audit?contains=')).status).toBe(400);
    expect((await bench.call('/api/v1/audit?result=perhaps')).status).toBe(400);
  });

  it('is bounded, in memory and on the disk', async () => {
    const file = join(temp.path, 'many.jsonl');
    const many = await Audit.load(file, silentLogger);
    for (let k = 0; k < 10_010; k += 1) many.add({ ...ENTRY, target: `m${k}` });
    await many.close();
    const lines = (await readFile(file, 'utf8')).trim().split('\n').length;
    expect(lines).toBeLessThan(5100);
    expect((await Audit.load(file, silentLogger)).list({ limit: 1 }).items[0]?.target).toBe('m10009');
    expect(
      (await Audit.load(file, silentLogger, Date.now() + 500 * 86_400_000)).list({ limit: 1 }).items,
    ).toEqual([]);
  });

  it('that cannot be written holds nothing up, and the log says so', async () => {
    const nowhere = await Audit.load(
      join(temp.path, 'no/such/file'),
      jsonLogger('error', (line) => log.add(line)),
    );
    nowhere.add(ENTRY);
    await nowhere.close();
    expect(nowhere.list({ limit: 5 }).items).toMatchObject([ENTRY]);
    expect(log.read({ level: 'error', limit: 1 }).items[0]?.event).toBe('audit-not-written');
  });
});

describe('the sessions', () => {
  it('are listed with where they came from, and ended', async () => {
    const headers = { 'user-agent': `Browser ${'x'.repeat(1000)}` };
    const cookies = [
      await bench.logIn(),
      cookieOf(await bench.stranger('/session', loginRequest(TEST_TOKEN, headers))),
    ];
    const list = async (cookie: string) =>
      sessionListSchema.parse(
        JSON.parse((await bench.stranger('/api/v1/sessions', { headers: { cookie } })).body),
      ).items;
    const [latest, first] = await list(cookies[0] ?? '');
    expect(latest).toMatchObject({ address: '127.0.0.1', current: false });
    expect(latest?.agent).toMatch(/^Browser x{192}$/);
    expect(first).toMatchObject({ current: true });
    const end = (id: string) => bench.call(`/api/v1/sessions/${id}`, { method: 'DELETE' });
    expect([(await end(latest?.id ?? '')).status, (await end(latest?.id ?? '')).status]).toEqual([204, 404]);
    const overview = (cookie: string) => bench.stranger('/api/v1/overview', { headers: { cookie } });
    expect((await Promise.all(cookies.map(overview))).map(({ status }) => status)).toEqual([200, 401]);
  });
});

describe('the log', () => {
  it('is told from the latest line on, and then what came since', async () => {
    const page = async (query: string) =>
      logPageSchema.parse(JSON.parse((await bench.call(`/api/v1/log${query}`)).body));
    await change('/mirrors/web1/retry', {});
    const { items, seq, bootId } = await page('?limit=1');
    expect(items).toMatchObject([{ event: 'api.change', level: 'info', fields: { address: '127.0.0.1' } }]);
    await change('/mirrors/web1/retry', {});
    expect(await page(`?after=${seq}&level=info`)).toMatchObject({
      items: [{ event: 'api.change' }],
      bootId,
    });
    expect((await bench.call('/api/v1/log?after=x')).status).toBe(400);
  });
});

describe('the system', () => {
  it('tells how the process is, and what it keeps', async () => {
    await change('/mirrors/web1/retry', {});
    await expect
      .poll(async () => systemViewSchema.parse(JSON.parse((await bench.call('/api/v1/system')).body)))
      .toMatchObject({ pid: process.pid, node: process.versions.node, state: [{ name: 'audit.jsonl' }] });
  });

  it('gives all of it as a file, without what opens a door', async () => {
    const { token } = JSON.parse((await change('/tokens', { name: 'canary', scope: 'admin' })).body) as {
      token: string;
    };
    const answer = await bench.call('/api/v1/diagnostics');
    expect(answer.headers['content-disposition']).toContain('proxyfs-diagnostics.json');
    const { log: lines, mirrors } = diagnosticsSchema.parse(JSON.parse(answer.body));
    expect([lines.length > 0, mirrors.items.map(({ id }) => id)]).toEqual([true, ['web1']]);
    for (const secret of [token, TEST_TOKEN]) expect(answer.body).not.toContain(secret);
  });
});
