import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type PlainAnswer, httpRequest } from './testing/http-request.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const MIRROR_PASSWORD = 'canary-of-a-mirror';
const PASSWORD = 'canary-of-the-dashboard';
const NEXT_PASSWORD = 'canary-of-the-next-one';
const JSON_TYPE = { 'content-type': 'application/json' };

let server: SshdMirror;
let appliance: ApplianceProcess;
/** What must be nowhere, by what it is. */
let secrets: Record<string, string>;
/** All that was answered, by what was asked for. */
const answers = new Map<string, string>();

beforeAll(async () => {
  server = await startSshdMirror({ name: 'web1' });
  const refused = { name: 'web2', user: 'nobody', password: MIRROR_PASSWORD, required: false };
  appliance = new ApplianceProcess({
    mirrors: [server.config(), server.config({ ...refused, path: '/srv/elsewhere' })],
    configuration: { log: { level: 'debug' } },
  });
  await appliance.start();
  const key = await readFile(server.identityFile, 'utf8');
  secrets = {
    'the token of the environment': appliance.token,
    'the password of a mirror': MIRROR_PASSWORD,
    'the password': PASSWORD,
    'the next password': NEXT_PASSWORD,
    'a private key': key.split('\n')[2] ?? '',
    'a token that was made': await madeToken(),
    'a session': await openedSession(),
  };
  await waitUntil('the login has been refused', () => appliance.log.last('mirror-down'));
});

afterAll(async () => {
  await appliance?.stop();
  await server?.stop();
});

async function ask(method: string, path: string, body?: object | string): Promise<PlainAnswer> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return httpRequest(appliance.url + path, {
    method,
    headers: { authorization: `Bearer ${appliance.token}`, ...(text !== undefined && JSON_TYPE) },
    ...(text !== undefined && { body: text }),
  });
}

/** The one answer that tells it. */
async function madeToken(): Promise<string> {
  const { body } = await ask('POST', '/api/v1/tokens', { name: 'robot', scope: 'read' });
  return (JSON.parse(body) as { token: string }).token;
}

/** What its cookie carries. */
async function openedSession(): Promise<string> {
  const body = { token: appliance.token, password: PASSWORD };
  const { headers } = await httpRequest(`${appliance.url}/api/v1/setup`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  return /=([^;]+);/.exec(headers['set-cookie']?.[0] ?? '')?.[1] ?? '';
}

async function routes(): Promise<{ method: string; path: string }[]> {
  const { paths } = JSON.parse((await ask('GET', '/api/openapi.json')).body) as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}

async function note(method: string, path: string, body?: object | string): Promise<void> {
  answers.set(`${method} ${path} ${answers.size}`, JSON.stringify(await ask(method, path, body)));
}

/** Of each list, the ids that its items have. */
async function idsOf(list: string): Promise<string[]> {
  const { body } = await ask('GET', list);
  const { items = [] } = JSON.parse(body) as { items?: { id?: unknown }[] };
  return items.map(({ id }) => String(id));
}

function found(text: string): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => text.includes(secret))
    .map(([name]) => name);
}

describe('a secret', () => {
  it('is long enough to be looked for', () => {
    expect(Object.values(secrets).filter((secret) => secret.length < 16)).toEqual([]);
  });

  it('is in no answer of any route that reads', async () => {
    for (const { method, path } of await routes()) {
      if (method !== 'GET') continue;
      const query = path.endsWith('/events') ? '?since=0&waitSeconds=0' : '';
      const list = path.slice(0, path.indexOf('/{id}'));
      const ids = path.includes('{id}') ? await idsOf(list) : [''];
      for (const id of ids) await note('GET', path.replace('{id}', encodeURIComponent(id)) + query);
    }
    expect([...answers.keys()].some((asked) => asked.includes('/mirrors/web2'))).toBe(true);
    expect([...answers.values()].join('')).toContain('LOGIN_REFUSED');
  });

  it('is in no answer to what fails, whatever was sent', async () => {
    for (const { method, path } of await routes()) {
      if (method === 'GET' || method === 'DELETE') continue;
      const place = path.replace('{id}', 'web2');
      for (const body of [{ token: [PASSWORD] }, { password: NEXT_PASSWORD }, `{"password":"${PASSWORD}"`]) {
        if (!path.endsWith('/tokens')) await note(method, place, body);
      }
    }
    await note('POST', '/api/v1/password', { current: PASSWORD, next: [NEXT_PASSWORD] });
    await note('POST', '/api/v1/setup', { token: appliance.token, password: NEXT_PASSWORD });
    await note('GET', `/api/v1/mirrors/${encodeURIComponent(appliance.token.slice(1))}`);
    expect(answers.size).toBeGreaterThan(80);
    const leaks = [...answers].flatMap(([asked, text]) => found(text).map((name) => `${name}: ${asked}`));
    expect(leaks).toEqual([]);
  });

  it('is in no line that the appliance wrote, and in none of its files', async () => {
    const written = appliance.log.tail(5000);
    expect(written).toContain('api.change');
    expect(found(written)).toEqual([]);
    const state = join(appliance.localPath, '.proxyfs');
    const files = await readdir(state, { recursive: true, withFileTypes: true });
    const leaks: string[] = [];
    for (const file of files.filter((each) => each.isFile())) {
      const text = await readFile(join(file.parentPath, file.name), 'latin1');
      leaks.push(...found(text).map((name) => `${name}: ${file.name}`));
    }
    expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['tokens.json', 'password.json']));
    expect(leaks).toEqual([]);
    expect(found(await readFile(appliance.configFile, 'utf8'))).toEqual([]);
  });
});
