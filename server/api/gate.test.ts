import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_LIFE_MS } from './sessions.ts';
import { type ApiBench, TEST_TOKEN, cookieOf, loginRequest, startApiBench } from '../testing/api-bench.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml' };
const JSON_TYPE = { 'content-type': 'application/json' };

let bench: ApiBench;
let nowMs = 0;

beforeEach(async () => {
  nowMs = 1_000_000;
  bench = await startApiBench({ nowMs: () => nowMs });
});
afterEach(() => bench.stop());

/** What answers strangers: whether it lives, and what lets them in. */
function isOpen(method: string, url: string): boolean {
  if (url === '/api/v1/session') return method === 'POST';
  return ['/healthz', '/session', '/setup', '/api/v1/setup'].includes(url);
}

/** Every route that needs a token, and addresses that are no route at all. */
function guardedRequests(): { method: string; path: string }[] {
  const served = bench.server.routes
    .filter(({ method, url }) => !isOpen(method, url))
    .map(({ method, url }) => ({ method, path: url.replace(':id', 'web1') }));
  const nowhere = ['/', '/assets/index.js', '/api/v1/nothing', '/%zz', `/api/v1/mirrors/${'x'.repeat(500)}`];
  return [
    ...served,
    ...nowhere.map((path) => ({ method: 'GET', path })),
    { method: 'PUT', path: '/api/v1/config' },
    { method: 'OPTIONS', path: '/api/v1/overview' },
  ];
}

describe('a stranger', () => {
  it('is refused by every route and learns nothing, not even which ones exist', async () => {
    const requests = guardedRequests();
    expect(requests.length).toBeGreaterThan(20);
    for (const { method, path } of requests) {
      const answer = await bench.stranger('/', { method, path });
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 401 });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      if (method !== 'HEAD')
        expect(JSON.parse(answer.body)).toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
      expect(answer.body.toLowerCase()).not.toContain('proxyfs');
    }
  });

  it('is refused by every route with a wrong token too', async () => {
    for (const wrong of ['Bearer wrong', `Bearer ${TEST_TOKEN}x`, `Basic ${TEST_TOKEN}`, 'Bearer ']) {
      const answer = await bench.stranger('/api/v1/overview', { headers: { authorization: wrong } });
      expect(answer.status).toBe(401);
    }
  });

  it('gets nothing for a token in the address', async () => {
    const answer = await bench.stranger(`/api/v1/overview?token=${TEST_TOKEN}`);
    expect(answer.status).toBe(401);
    expect(
      (await bench.stranger(`/?token=${TEST_TOKEN}`, { headers: PAGE })).headers['set-cookie'],
    ).toBeUndefined();
  });

  it('may ask whether the server lives', async () => {
    const answer = await bench.stranger('/healthz');
    expect([answer.status, answer.body]).toEqual([200, '{"status":"alive"}']);
  });

  it('in a browser sees a form that tells nothing of the product', async () => {
    for (const path of ['/', '/mirrors/web1']) {
      const answer = await bench.stranger(path, { headers: PAGE });
      expect(answer.status).toBe(401);
      expect(answer.headers['content-type']).toContain('text/html');
      const top = path === '/' ? './' : '../';
      expect(answer.body).toContain(`<form method="post" action="${top}session">`);
      expect(answer.body.toLowerCase()).not.toContain('proxyfs');
    }
  });

  it('may not make the server read a large body', async () => {
    const body = JSON.stringify({ token: 'x'.repeat(50_000) });
    const answer = await bench.stranger('/session', { method: 'POST', headers: JSON_TYPE, body });
    expect(answer.status).toBe(413);
  });
});

describe('the host name', () => {
  it('is refused by every route unless it is one of ours', async () => {
    const open = bench.server.routes
      .filter(({ method, url }) => isOpen(method, url))
      .map(({ method, url }) => ({ method, path: url }));
    expect(open).toHaveLength(10);
    for (const { method, path } of [...guardedRequests(), ...open]) {
      const answer = await bench.call('/', { method, path, headers: { host: 'rebound.example:8080' } });
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 421 });
    }
  });

  it('is checked by its name: lookalikes are refused, tunnels to loopback are not', async () => {
    const refused = [
      'localhost.evil.example',
      '127.0.0.1.nip.example',
      'evil@localhost',
      '10.0.0.5:8080',
      'localhost:x',
    ];
    for (const host of refused) expect((await bench.call('/readyz', { headers: { host } })).status).toBe(421);
    for (const host of ['LOCALHOST:9000', '[::1]:9000', '127.0.0.1']) {
      expect((await bench.call('/readyz', { headers: { host } })).status).toBe(200);
    }
  });

  it('may be a further one that the configuration allows', async () => {
    const http = {
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      allowedHosts: ['files.example', 'lan.example:81'],
      basePath: '',
      trustedProxies: [],
      tls: undefined,
    };
    const other = await startApiBench({ http });
    const status = async (host: string) => (await other.call('/readyz', { headers: { host } })).status;
    expect(await status('files.example')).toBe(200);
    expect(await status('files.example:8443')).toBe(200);
    expect(await status('lan.example:81')).toBe(200);
    expect(await status('lan.example:82')).toBe(421);
    await other.stop();
  });
});

describe('a page of another site', () => {
  const foreign = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'file://127.0.0.1' },
  ];

  it('is refused by every route, whatever it knows', async () => {
    for (const { method, path } of guardedRequests()) {
      const answer = await bench.call('/', { method, path, headers: { origin: 'http://evil.example' } });
      expect({ method, path, status: answer.status }).toEqual({ method, path, status: 403 });
    }
    for (const headers of foreign) expect((await bench.call('/readyz', { headers })).status).toBe(403);
  });

  it('may not change anything or sign anybody in', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site };
      const cookie = await bench.logIn();
      const change = await bench.stranger('/api/v1/mirrors/web1/detach', {
        method: 'POST',
        headers: { ...headers, cookie },
      });
      expect(change.status).toBe(403);
      const login = await bench.stranger('/session', loginRequest(TEST_TOKEN, headers));
      expect([login.status, login.headers['set-cookie']]).toEqual([403, undefined]);
    }
    expect(bench.controlPlane.mirror('web1')?.detached).toBe(false);
  });

  it('may link to the dashboard', async () => {
    const answer = await bench.stranger('/', { headers: { ...PAGE, 'sec-fetch-site': 'cross-site' } });
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('<form');
  });
});

describe('a session', () => {
  const detach = (headers: Record<string, string>) =>
    bench.stranger('/api/v1/mirrors/web1/detach', { method: 'POST', headers });

  it('begins with the right token, in a cookie that scripts and other sites cannot use', async () => {
    const answer = await bench.stranger('/session', loginRequest(` ${TEST_TOKEN}\n`));
    expect([answer.status, answer.headers.location]).toEqual([303, './']);
    const attributes = answer.headers['set-cookie']?.[0] ?? '';
    expect(attributes).toMatch(
      /^proxyfs_session_\d+=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(attributes).not.toContain(TEST_TOKEN);
    expect((await bench.stranger('/api/v1/overview', { headers: { cookie: cookieOf(answer) } })).status).toBe(
      200,
    );
  });

  it('begins for programs by JSON too', async () => {
    const body = JSON.stringify({ token: TEST_TOKEN });
    const answer = await bench.stranger('/session', { method: 'POST', headers: JSON_TYPE, body });
    expect(answer.status).toBe(204);
    expect(cookieOf(answer)).not.toBe('');
  });

  it('does not begin with a wrong token, and the form says why', async () => {
    const answer = await bench.stranger('/session', loginRequest('wrong'));
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
    expect(answer.body).toContain('This token is not valid.');
  });

  it('changes something only with proof that our own page asks', async () => {
    const cookie = await bench.logIn();
    const host = new URL(bench.url).host;
    expect((await detach({ cookie })).status).toBe(403);
    expect((await detach({ cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(
      (await detach({ cookie, 'sec-fetch-site': 'same-origin', origin: 'http://evil.example' })).status,
    ).toBe(403);
    expect(bench.controlPlane.mirror('web1')?.detached).toBe(false);
    expect((await detach({ cookie, origin: `http://${host}` })).status).toBe(200);
    expect((await detach({ cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('is not looked at where a token is sent', async () => {
    const cookie = await bench.logIn();
    const answer = await bench.stranger('/api/v1/overview', {
      headers: { cookie, authorization: 'Bearer wrong' },
    });
    expect(answer.status).toBe(401);
  });

  it('ends after twelve hours', async () => {
    const cookie = await bench.logIn();
    nowMs += SESSION_LIFE_MS - 1;
    expect((await bench.stranger('/api/v1/session', { headers: { cookie } })).body).toBe(
      '{"by":"session","scope":"admin"}',
    );
    nowMs += 1;
    expect((await bench.stranger('/api/v1/session', { headers: { cookie } })).status).toBe(401);
  });

  it('ends with the logout', async () => {
    const cookie = await bench.logIn();
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    expect((await bench.stranger('/api/v1/session', { method: 'DELETE', headers })).status).toBe(204);
    expect((await bench.stranger('/api/v1/overview', { headers: { cookie } })).status).toBe(401);
  });

  it('gives way when a hundred newer ones are open', async () => {
    const first = await bench.logIn();
    const second = await bench.logIn();
    for (let opened = 2; opened <= 100; opened += 1) await bench.logIn();
    expect((await bench.stranger('/api/v1/session', { headers: { cookie: first } })).status).toBe(401);
    expect((await bench.stranger('/api/v1/session', { headers: { cookie: second } })).status).toBe(200);
  });
});

describe('guessing tokens', () => {
  const guess = () => bench.stranger('/api/v1/overview', { headers: { authorization: 'Bearer guess' } });

  it('costs waiting time that doubles, at the login form as well', async () => {
    for (let tries = 0; tries < 5; tries += 1) expect((await guess()).status).toBe(401);
    const refused = await guess();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'TOO_MANY_ATTEMPTS', retryable: true });
    const form = await bench.stranger('/session', loginRequest(TEST_TOKEN));
    expect([form.status, form.headers['set-cookie']]).toEqual([429, undefined]);
    expect(form.body).toContain('Too many wrong tries');

    nowMs += 1000;
    expect((await guess()).status).toBe(401);
    nowMs += 1999;
    expect((await guess()).status).toBe(429);
    nowMs += 1;
    expect((await bench.call('/api/v1/overview')).status).toBe(200);
  });

  it('is counted by the address that a trusted proxy names, and by no other that somebody sends', async () => {
    const http = {
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      allowedHosts: [],
      basePath: '',
      trustedProxies: ['127.0.0.0/8', '10.0.0.1'],
      tls: undefined,
    };
    const proxied = await startApiBench({ http });
    const status = async (forwarded: string, token: string, to = proxied) => {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': forwarded };
      return (await to.stranger('/api/v1/overview', { headers })).status;
    };
    try {
      // What stands before the address that the last trusted proxy has seen is the client's own invention.
      for (let tries = 0; tries < 6; tries += 1) await status(`10.9.9.${tries}, 10.0.0.7, 10.0.0.1`, 'guess');
      expect(await status('10.0.0.7', TEST_TOKEN)).toBe(429);
      expect(await status('10.0.0.8', TEST_TOKEN)).toBe(200);
      expect(await status('10.9.9.1', TEST_TOKEN)).toBe(200);
      for (let tries = 0; tries < 6; tries += 1) await status('<script>', 'guess');
      expect(await status('', TEST_TOKEN)).toBe(429);
      for (let tries = 0; tries < 6; tries += 1) await status(`10.9.9.${tries}`, 'guess', bench);
      expect(await status('10.0.0.9', TEST_TOKEN, bench)).toBe(429);
      await proxied.stranger('/api/v1/mirrors/web1/detach', {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_TOKEN}`, 'x-forwarded-for': '10.0.0.8' },
      });
      const audit = await proxied.call('/api/v1/audit', {
        headers: { authorization: `Bearer ${TEST_TOKEN}`, 'x-forwarded-for': '10.0.0.8' },
      });
      expect(JSON.parse(audit.body)).toMatchObject({ items: [{ target: 'web1', address: '10.0.0.8' }] });
    } finally {
      await proxied.stop();
    }
  });

  it('does not lock out those who are signed in', async () => {
    const cookie = await bench.logIn();
    for (let tries = 0; tries < 7; tries += 1) await guess();
    expect((await bench.call('/api/v1/overview')).status).toBe(429);
    expect((await bench.stranger('/api/v1/overview', { headers: { cookie } })).status).toBe(200);
  });

  it('is not what a request without a token does', async () => {
    for (let tries = 0; tries < 20; tries += 1)
      expect((await bench.stranger('/api/v1/overview')).status).toBe(401);
    expect((await bench.call('/api/v1/overview')).status).toBe(200);
  });
});
