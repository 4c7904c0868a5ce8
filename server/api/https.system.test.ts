import { execFileSync } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonLogger } from '../base/logger.ts';
import { loadConfiguration } from '../config/load.ts';
import {
  type ApiBench,
  cookieOf,
  loginRequest,
  LOOPBACK_HTTP,
  startApiBench,
  TEST_TOKEN,
} from '../testing/api-bench.ts';
import { httpRequest, type PlainRequest } from '../testing/http-request.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { ListeningServer } from './listening-server.ts';

let temp: TempDirectory;
let bench: ApiBench;

beforeEach(async () => {
  temp = await tempDirectory('https');
  makeCertificate('one');
  makeCertificate('two');
});
afterEach(async () => {
  await bench?.stop();
  await temp.remove();
});

const at = (name: string) => join(temp.path, name);

function makeCertificate(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'ignore' });
}

async function useCertificate(name: string): Promise<void> {
  await copyFile(at(`${name}.key`), at('key.pem'));
  await copyFile(at(`${name}.pem`), at('cert.pem'));
}

const tls = () => ({ certFile: at('cert.pem'), keyFile: at('key.pem') });

async function start(): Promise<void> {
  await useCertificate('one');
  bench = await startApiBench({ http: { ...LOOPBACK_HTTP, tls: tls() } });
}

async function ask(path: string, request: PlainRequest = {}) {
  return httpRequest(bench.url + path, { ca: await readFile(at('one.pem'), 'utf8'), ...request });
}

it('serves page, API and live events over HTTPS, with cookies that go over nothing else', async () => {
  await start();
  expect(bench.url).toMatch(/^https:/);
  const login = await ask('/session', loginRequest(TEST_TOKEN));
  const cookie = cookieOf(login);
  expect(cookie).toMatch(/^__Host-proxyfs_session_\d+=/);
  expect(login.headers['set-cookie']?.[0]).toMatch(/; Path=\/; .*; Secure$/);
  const overview = await ask('/api/v1/overview', { headers: { cookie } });
  expect(overview.status).toBe(200);
  expect(overview.headers['strict-transport-security']).toBe('max-age=31536000');
  expect(overview.headers['content-security-policy']).toContain('upgrade-insecure-requests');
  const page = io(bench.url, {
    transports: ['websocket'],
    extraHeaders: { cookie, origin: bench.url },
    ca: await readFile(at('one.pem'), 'utf8'),
    reconnection: false,
  });
  await waitUntil('the page is connected', () => Promise.resolve(page.connected));
  page.disconnect();
});

it('says nothing of HTTPS over plain HTTP', async () => {
  bench = await startApiBench();
  const { headers } = await bench.call('/api/v1/overview');
  expect(headers['strict-transport-security']).toBeUndefined();
  expect(headers['content-security-policy']).not.toContain('upgrade');
});

it('takes a renewed certificate without a restart, and keeps the old one while the new pair does not fit', async () => {
  await useCertificate('one');
  let log = '';
  const server = new ListeningServer(
    tls(),
    jsonLogger('info', (line) => (log += line)),
    50,
  );
  const listening = server.create((_request, response) => response.end('here'), 1000);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as { port: number };
  const trusts = async (name: string) => {
    const ca = await readFile(at(`${name}.pem`), 'utf8');
    return httpRequest(`https://127.0.0.1:${port}/`, { ca }).then(
      () => true,
      () => false,
    );
  };
  try {
    await copyFile(at('two.pem'), at('cert.pem'));
    await waitUntil('half a renewal is refused', () =>
      Promise.resolve(log.includes('api.certificate-refused')),
    );
    expect([await trusts('one'), await trusts('two')]).toEqual([true, false]);
    await copyFile(at('two.key'), at('key.pem'));
    await waitUntil('the new one counts', () => trusts('two'));
  } finally {
    server.close();
    listening.close();
  }
});

it('is refused with the key at fault where a file is missing, or the two do not belong together', async () => {
  const file = at('proxyfs.yml');
  const mistakes = async (cert: string, key: string) => {
    const http = `http: { tls: { cert_file: ${cert}, key_file: ${key} } }`;
    await writeFile(file, `local_path: local\nmount_point: mount\nmirrors: {}\n${http}\n`);
    return loadConfiguration(file, {}).then(
      ({ http: { tls: found } }) => found,
      (error: Error) => error.message,
    );
  };
  expect(await mistakes('one.pem', 'one.key')).toEqual({ certFile: at('one.pem'), keyFile: at('one.key') });
  expect(await mistakes('none.pem', 'one.key')).toMatch(
    /http\.tls\.cert_file.*cannot be read: no such file/s,
  );
  expect(await mistakes('one.pem', 'none.key')).toMatch(/http\.tls\.key_file.*cannot be read: no such file/s);
  expect(await mistakes('one.pem', 'two.key')).toMatch(/http\.tls\.cert_file.*do not belong together/s);
});
