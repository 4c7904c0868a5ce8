import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';

const PAGE = { accept: 'text/html' };
let bench: ApiBench;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'static-files-'));
  const webRoot = join(directory, 'web');
  await mkdir(join(webRoot, 'assets'), { recursive: true });
  await writeFile(join(webRoot, 'index.html'), '<base href="./" /><title>the page</title>');
  await writeFile(join(webRoot, 'assets', 'index-1a2b.js'), 'run()');
  await writeFile(join(webRoot, '.hidden'), 'hidden');
  await writeFile(join(directory, 'secret'), 'secret');
  bench = await startApiBench({ webRoot });
});
afterEach(async () => {
  await bench.stop();
  await rm(directory, { recursive: true });
});

it('gives the page to those who signed in, at every address that is no file', async () => {
  const cookie = await bench.logIn();
  const tops = {
    '/': './',
    '/index.html': './',
    '/jobs?a=/b': './',
    '/jobs/': '../',
    '/mirrors/web1/x': '../../',
  };
  for (const [path, top] of Object.entries(tops)) {
    const answer = await bench.stranger(path, { headers: { ...PAGE, cookie } });
    const page = `<base href="${top}" /><title>the page</title>`;
    expect([path, answer.status, answer.body]).toEqual([path, 200, page]);
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  }
});

it('lets browsers keep what has its content in its name', async () => {
  const answer = await bench.call('/assets/index-1a2b.js');
  expect([answer.status, answer.body]).toEqual([200, 'run()']);
  expect(answer.headers['cache-control']).toContain('immutable');
  expect(answer.headers['content-security-policy']).toContain("default-src 'self'");
});

it('gives no file to strangers', async () => {
  for (const path of ['/', '/index.html', '/assets/index-1a2b.js', '/favicon.svg']) {
    const answer = await bench.stranger(path);
    expect([path, answer.status]).toEqual([path, 401]);
  }
});

it('gives nothing outside of the page’s files', async () => {
  const outside = [
    '/../secret',
    '/%2e%2e/secret',
    '/assets/..%2f..%2f..%2fsecret',
    '/.hidden',
    '/assets/',
    '/%00',
  ];
  for (const path of outside) {
    const { status, body } = await bench.call('/', { path });
    expect(body).not.toMatch(/secret$|hidden$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  }
});

it('answers unknown API addresses with a problem, also to browsers', async () => {
  const answer = await bench.call('/api/v1/nowhere', { headers: PAGE });
  expect([answer.status, JSON.parse(answer.body)]).toEqual([
    404,
    expect.objectContaining({ code: 'RESOURCE_NOT_FOUND' }),
  ]);
});
