import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { LogRing } from '../base/log-ring.ts';
import { silentLogger } from '../base/logger.ts';
import { httpRequest } from '../testing/http-request.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { ApiServer } from './api-server.ts';
import { tempDirectory } from '../testing/temp-directory.ts';
import { PASSWORD_FILE, Password } from './password.ts';
import { newToken } from './secrets.ts';
import { Tokens } from './tokens.ts';

const running: ApiServer[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

function serverOn(
  host: string,
  options: { token?: string; explicit?: boolean; port?: number; directory?: string } = {},
): ApiServer {
  const token = options.token ?? 'pfs_some-token';
  const directory = options.directory ?? join(tmpdir(), 'no-such-directory');
  const server = new ApiServer({
    controlPlane: new MemoryControlPlane(),
    http: {
      host,
      port: options.port ?? 0,
      token: options.explicit ? token : undefined,
      allowedHosts: [],
      basePath: '',
      trustedProxies: [],
      tls: undefined,
    },
    token,
    statePath: directory,
    log: new LogRing(),
    logger: silentLogger,
  });
  running.push(server);
  return server;
}

it('refuses addresses that others can reach while nobody has set a token', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'files.example']) {
    await expect(serverOn(host).start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }
});

it('listens on them with a password, or a token that was made', async () => {
  const temp = await tempDirectory('listen');
  const tokens = await Tokens.load(join(temp.path, 'tokens.json'), silentLogger);
  const { id } = await tokens.create({ name: 'a', scope: 'read' });
  expect((await serverOn('0.0.0.0', { directory: temp.path }).start()).url).toContain('http://');
  await tokens.revoke(id);
  await expect(serverOn('0.0.0.0', { directory: temp.path }).start()).rejects.toThrow('proxyfs passwd');
  await (await Password.load(join(temp.path, PASSWORD_FILE), silentLogger)).setFirst('correct horse');
  expect((await serverOn('0.0.0.0', { directory: temp.path }).start()).url).toContain('http://');
  await temp.remove();
});

it('refuses to start without any token', async () => {
  await expect(serverOn('127.0.0.1', { token: '', explicit: true }).start()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

it('listens on every loopback address and says where', async () => {
  for (const [host, url] of [
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['localhost', /^http:\/\/localhost:\d+$/],
  ] as const) {
    const started = await serverOn(host).start();
    expect(started.url).toMatch(url);
    expect((await httpRequest(started.url.replace('localhost', '127.0.0.1') + '/healthz')).status).toBe(200);
  }
});

it('answers on all addresses under any address, but not under any name', async () => {
  const { url } = await serverOn('0.0.0.0', { explicit: true }).start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const status = async (host: string) => (await httpRequest(`${url}/healthz`, { headers: { host } })).status;
  expect(await status('192.0.2.7:8080')).toBe(200);
  expect(await status('[2001:db8::1]')).toBe(200);
  expect(await status('rebound.example')).toBe(421);
});

it('says when another program has the address', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  await expect(serverOn('127.0.0.1', { port }).start()).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
  });
  await new Promise((resolve) => other.close(resolve));
});

it('starts again after it has stopped, and stopping twice is nothing special', async () => {
  const server = serverOn('127.0.0.1');
  const first = await server.start();
  await server.stop();
  await server.stop();
  await expect(httpRequest(`${first.url}/healthz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const routes = server.routes.length;
  const again = await server.start();
  expect((await httpRequest(`${again.url}/healthz`)).status).toBe(200);
  expect(server.routes.length).toBe(routes);
});

it('makes tokens that nobody guesses', () => {
  const tokens = new Set(Array.from({ length: 100 }, newToken));
  expect(tokens.size).toBe(100);
  for (const token of tokens) expect(token).toMatch(/^pfs_[\w-]{43}$/);
});
