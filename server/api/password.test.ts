import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonLogger, silentLogger } from '../base/logger.ts';
import { type ApiBench, TEST_TOKEN, cookieOf, loginRequest, startApiBench } from '../testing/api-bench.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { Password } from './password.ts';

const CHOSEN = 'canary-correct-horse';
const OTHER = 'canary-battery-staple';
/** Hashes that a test needs many of. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };
const PAGE = { accept: 'text/html' };

let temp: TempDirectory;
let file: string;

beforeEach(async () => {
  temp = await tempDirectory('password');
  file = join(temp.path, 'password.json');
});
afterEach(() => temp.remove());

describe('the kept password', () => {
  it('is known after a restart, and its file holds only a hash that nobody else may read', async () => {
    await (await Password.load(file, silentLogger)).setFirst(CHOSEN);
    expect(await readFile(file, 'utf8')).not.toContain(CHOSEN);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await Password.load(file, silentLogger);
    expect(await again.eraOf(CHOSEN)).toBe(again.era);
    expect(await again.eraOf(`${CHOSEN} `)).toBeUndefined();
  });

  it('is the same however its letters are composed', async () => {
    const password = await Password.load(file, silentLogger, CHEAP);
    await password.setFirst('Zuru\u0308ck-nach-Z');
    expect(await password.eraOf('Zur\u00fcck-nach-Z')).toBe(password.era);
  });

  it('is set as the first one once, of two that try at the same time', async () => {
    const password = await Password.load(file, silentLogger, CHEAP);
    const ends = await Promise.allSettled([password.setFirst(CHOSEN), password.setFirst(OTHER)]);
    expect(ends).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'ALREADY_DECIDED' } }]);
    expect(await password.eraOf(OTHER)).toBeUndefined();
  });

  it('that is damaged or of another version opens nothing, and does not let anybody choose the next', async () => {
    for (const content of ['{', '{"version":2,"salt":"","hash":"","setAt":"2026-01-01T00:00:00Z"}']) {
      await writeFile(file, content);
      const password = await Password.load(file, silentLogger, CHEAP);
      expect([password.isSet, await password.eraOf('')]).toEqual([true, undefined]);
      await expect(password.setFirst(CHOSEN)).rejects.toMatchObject({ code: 'ALREADY_DECIDED' });
      expect(await readFile(file, 'utf8')).toBe(content);
    }
  });

  it('is not taken for set where the file can not be written', async () => {
    const nowhere = await Password.load(join(temp.path, 'none', 'password.json'), silentLogger);
    await expect(nowhere.setFirst(CHOSEN)).rejects.toMatchObject({ code: 'PASSWORD_FAILED' });
    expect(nowhere.isSet).toBe(false);
  });

  it('is hashed for a bounded number of callers', async () => {
    const password = await Password.load(file, silentLogger, CHEAP);
    await password.setFirst(CHOSEN);
    const ends = await Promise.allSettled(Array.from({ length: 23 }, () => password.eraOf(OTHER)));
    const refused = ends.filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'TOO_MANY_ATTEMPTS' } }]);
  });
});

describe('the password of an appliance', () => {
  let bench: ApiBench;
  let log: string;

  async function start({ hasPassword }: { hasPassword: boolean }): Promise<void> {
    if (hasPassword) await (await Password.load(file, silentLogger, CHEAP)).replace(CHOSEN);
    const logger = jsonLogger('debug', (line) => (log += line));
    bench = await startApiBench({ statePath: dirname(file), logger, nowMs: () => 0 });
  }

  beforeEach(() => (log = ''));
  afterEach(() => bench.stop());

  const send = (path: string, body: object) =>
    bench.stranger(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const setUp = (token: string, password: string) => send('/api/v1/setup', { token, password });
  const statusWith = async (headers: Record<string, string>) =>
    (await bench.stranger('/api/v1/overview', { headers })).status;

  it('is set once, by the token of the start alone, which opens nothing from then on', async () => {
    await start({ hasPassword: false });
    const before = await bench.logIn();
    expect((await bench.stranger('/api/v1/setup')).body).toBe('{"passwordSet":false}');
    const made = await bench.call('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'a', scope: 'admin' }),
    });
    const { token } = JSON.parse(made.body) as { token: string };
    expect((await setUp(token, CHOSEN)).status).toBe(403);
    expect((await setUp('wrong', CHOSEN)).status).toBe(401);
    expect((await setUp(TEST_TOKEN, 'too short')).status).toBe(400);
    expect((await bench.stranger('/api/v1/setup')).body).toBe('{"passwordSet":false}');

    const set = await setUp(TEST_TOKEN, CHOSEN);
    expect([set.status, await statusWith({ cookie: cookieOf(set) })]).toEqual([204, 200]);
    expect((await bench.stranger('/api/v1/setup')).body).toBe('{"passwordSet":true}');
    expect((await setUp(TEST_TOKEN, OTHER)).status).toBe(401);
    expect(await statusWith({ authorization: `Bearer ${TEST_TOKEN}` })).toBe(401);
    expect(await statusWith({ cookie: before })).toBe(401);
    expect(await statusWith({ authorization: `Bearer ${token}` })).toBe(200);
  });

  it('opens a session, by REST and by the form, which then takes tokens too', async () => {
    await start({ hasPassword: true });
    const byRest = await send('/api/v1/session', { password: CHOSEN });
    expect([byRest.status, await statusWith({ cookie: cookieOf(byRest) })]).toEqual([204, 200]);
    expect((await bench.stranger('/', { headers: PAGE })).body).toContain('Password or access token');
    const byForm = await bench.stranger('/session', loginRequest(CHOSEN));
    expect([byForm.status, await statusWith({ cookie: cookieOf(byForm) })]).toEqual([303, 200]);
    expect((await bench.stranger('/setup', { headers: PAGE })).headers.location).toBe('./');
    expect(await statusWith({ authorization: `Bearer ${CHOSEN}` })).toBe(401);
  });

  it('is guessed at five times before waiting begins, however many guess at once', async () => {
    await start({ hasPassword: true });
    const guess = () => send('/api/v1/session', { password: OTHER });
    const answers = await Promise.all(Array.from({ length: 8 }, guess));
    const counted = [401, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length);
    expect(counted).toEqual([5, 3]);
    expect((await send('/api/v1/session', { password: CHOSEN })).status).toBe(429);
  });

  it('can be entered more than five times', async () => {
    await start({ hasPassword: true });
    for (let times = 0; times < 7; times += 1)
      expect((await send('/api/v1/session', { password: CHOSEN })).status).toBe(204);
  });

  it('is replaced by who knows it, which ends all its sessions but the one that did it', async () => {
    await start({ hasPassword: true });
    const [mine, other] = [await send('/api/v1/session', { password: CHOSEN }), await bench.logIn()];
    const change = (current: string, next: string) =>
      bench.stranger('/api/v1/password', {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: cookieOf(mine), origin: bench.url },
        body: JSON.stringify({ current, next }),
      });
    expect((await change(OTHER, OTHER)).status).toBe(403);
    expect((await change(CHOSEN, 'short')).status).toBe(400);
    const done = await change(CHOSEN, OTHER);
    expect(done.status).toBe(204);
    const cookies = [cookieOf(mine), other, cookieOf(done)];
    const statuses = await Promise.all(cookies.map((cookie) => statusWith({ cookie })));
    expect(statuses).toEqual([401, 401, 200]);
    expect((await send('/api/v1/session', { password: OTHER })).status).toBe(204);
  });

  it('ends its sessions when another process replaces it', async () => {
    await start({ hasPassword: true });
    const cookie = cookieOf(await send('/api/v1/session', { password: CHOSEN }));
    await (await Password.load(file, silentLogger, CHEAP)).replace(OTHER);
    await waitUntil(
      'the session of the old password ends',
      async () => (await statusWith({ cookie })) === 401,
    );
    expect((await send('/api/v1/session', { password: CHOSEN })).status).toBe(401);
    expect((await send('/api/v1/session', { password: OTHER })).status).toBe(204);
  });

  it('is asked for by a form that says what was wrong', async () => {
    await start({ hasPassword: false });
    expect((await bench.stranger('/', { headers: PAGE })).body).toContain('<a href="./setup">');
    expect((await bench.stranger('/setup', { headers: PAGE })).body).toContain('action="./setup"');
    const fill = (token: string, password: string) =>
      bench.stranger('/setup', {
        ...loginRequest(''),
        body: new URLSearchParams({ token, password }).toString(),
      });
    expect((await fill(TEST_TOKEN, 'short')).body).toContain('at least 10 characters');
    expect((await fill('wrong', CHOSEN)).body).toContain('This token is not valid.');
    const done = await fill(TEST_TOKEN, CHOSEN);
    expect([done.status, done.headers.location, await statusWith({ cookie: cookieOf(done) })]).toEqual([
      303,
      './',
      200,
    ]);
  });

  it('is in no answer and no line of the log, nor is any token, whatever fails', async () => {
    await start({ hasPassword: false });
    const secrets = [TEST_TOKEN, CHOSEN, OTHER];
    const set = await setUp(TEST_TOKEN, CHOSEN);
    const cookie = cookieOf(set);
    const texts = [JSON.stringify(set)];
    const asked = async (path: string, method: string, body?: object | string) => {
      const headers = {
        cookie,
        'sec-fetch-site': 'same-origin',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const text = typeof body === 'object' ? JSON.stringify(body) : body;
      const answer = await bench.stranger(path, {
        method,
        headers,
        ...(text !== undefined && { body: text }),
      });
      texts.push(JSON.stringify(answer));
    };
    for (const { method, url } of bench.server.routes.filter((route) => route.method !== 'HEAD')) {
      const path = url.replace(':id', 'web1');
      if (method !== 'DELETE') await asked(path, method, method === 'GET' ? undefined : { token: [CHOSEN] });
    }
    for (const body of [
      { password: OTHER },
      { token: TEST_TOKEN },
      { token: TEST_TOKEN, password: OTHER },
      `{"password":"${CHOSEN}"`,
      { password: [CHOSEN] },
    ]) {
      await asked('/api/v1/session', 'POST', body);
      await asked('/api/v1/setup', 'POST', body);
    }
    await asked('/nowhere', 'GET');
    expect(texts.length).toBeGreaterThan(40);
    expect(log).toContain('api.wrong-password');
    for (const secret of secrets) {
      expect(texts.filter((text) => text.includes(secret))).toEqual([]);
      expect(log).not.toContain(secret);
    }
  });
});
