import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  acceptedSchema,
  mirrorChangeSchema,
  mirrorListSchema,
  mirrorTrialSchema,
  mirrorViewSchema,
  overviewSchema,
  problemDetailsSchema,
  readinessSchema,
  transactionDetailSchema,
  transactionListSchema,
} from '../../shared/api.ts';
import { mirrorMetricsSchema } from '../../shared/mirror-metrics.ts';
import type { PlainAnswer } from '../testing/http-request.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { AppError } from '../base/errors.ts';
import { type LogFields, jsonLogger } from '../base/logger.ts';

const API = '/api/v1';

let bench: ApiBench;
const logged: LogFields[] = [];

beforeEach(async () => {
  logged.length = 0;
  const logger = jsonLogger('debug', (line) => logged.push(JSON.parse(line) as LogFields));
  bench = await startApiBench({ logger });
});
afterEach(() => bench.stop());

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  answer: PlainAnswer,
  status = 200,
): z.infer<Schema> {
  expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
  return schema.parse(JSON.parse(answer.body));
}

function post(path: string, body?: unknown): Promise<PlainAnswer> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return bench.call(API + path, { method: 'POST', ...(body !== undefined && json) });
}

describe('reading', () => {
  it('answers the overview, the mirrors and one mirror in the shapes of the contract', async () => {
    const overview = parsed(overviewSchema, await bench.call(`${API}/overview`));
    expect(overview).toEqual(bench.controlPlane.overview());
    const list = parsed(mirrorListSchema, await bench.call(`${API}/mirrors`));
    expect(list.items.map(({ id }) => id)).toEqual(['web1']);
    expect(parsed(mirrorViewSchema, await bench.call(`${API}/mirrors/web1`)).link).toBe('up');
  });

  it('answers the metrics of a mirror for the ranges there are', async () => {
    const metrics = (query: string) => bench.call(`${API}/mirrors/web1/metrics${query}`);
    expect(parsed(mirrorMetricsSchema, await metrics(''))).toMatchObject({ range: '1h', stepSeconds: 60 });
    expect(parsed(mirrorMetricsSchema, await metrics('?range=30d')).range).toBe('30d');
    for (const wrong of ['?range=2h', '?range=1h&from=1'])
      parsed(problemDetailsSchema, await metrics(wrong), 400);
    parsed(problemDetailsSchema, await bench.call(`${API}/mirrors/web9/metrics`), 404);
  });

  it('finds a mirror whose name needs escaping', async () => {
    bench.controlPlane.addMirror({ id: 'räck 1/ä?' });
    const answer = await bench.call(`${API}/mirrors/${encodeURIComponent('räck 1/ä?')}`);
    expect(parsed(mirrorViewSchema, answer).id).toBe('räck 1/ä?');
  });

  it('takes mirrors in, changes and removes them, by bodies of the contract alone', async () => {
    const json = (method: string, path: string, body?: unknown) =>
      bench.call(`${API}/mirrors${path}`, {
        method,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
    const settings = { id: 'web2', host: 'b', path: '/b', required: false, bandwidthLimit: '5M' };
    const { path: _path, ...unfinished } = settings;
    expect(parsed(mirrorTrialSchema, await json('POST', '/test', unfinished)).freeBytes).toBeNull();
    expect(parsed(mirrorTrialSchema, await json('POST', '/test', settings)).freeBytes).toBe(1);
    const added = await json('POST', '', settings);
    parsed(problemDetailsSchema, await json('POST', '/test', settings), 409);
    expect(parsed(mirrorViewSchema, added, 201)).toMatchObject({ id: 'web2', host: 'b' });
    expect(added.headers['location']).toBe(`${API}/mirrors/web2`);
    expect(parsed(problemDetailsSchema, await json('POST', '', settings), 409).code).toBe('NAME_TAKEN');
    for (const wrong of [
      { id: 'c', host: 'c' },
      { ...settings, id: 'c', token: 'x' },
      { ...settings, port: '1' },
    ])
      parsed(problemDetailsSchema, await json('POST', '', wrong), 400);
    const changed = await json('PATCH', '/web2', { path: '/c', user: null });
    expect(parsed(mirrorViewSchema, changed).path).toBe('/c');
    parsed(problemDetailsSchema, await json('PATCH', '/web2', { id: 'web3' }), 400);
    parsed(problemDetailsSchema, await json('PATCH', '/web9', {}), 404);
    expect((await json('DELETE', '/web2')).status).toBe(204);
    parsed(problemDetailsSchema, await json('DELETE', '/web2'), 404);
  });

  it('pages and filters the transactions', async () => {
    const ended = { state: 'committed', outcome: 'committed', operation: 'mkdir' } as const;
    for (let number = 2; number <= 6; number += 1) {
      bench.controlPlane.addTransaction({ id: `tx-${number}`, path: `/d/${number}`, ...ended });
    }
    const ids = async (query: string) => {
      const list = parsed(transactionListSchema, await bench.call(`${API}/transactions${query}`));
      return [list.items.map(({ id }) => id).join(), list.nextCursor];
    };
    expect(await ids('')).toEqual(['tx-6,tx-5,tx-4,tx-3,tx-2,tx-1', null]);
    expect(await ids('?limit=2')).toEqual(['tx-6,tx-5', 'tx-5']);
    expect(await ids('?limit=4&cursor=tx-5')).toEqual(['tx-4,tx-3,tx-2,tx-1', null]);
    expect(await ids('?state=inFlight')).toEqual(['tx-1', null]);
    expect(await ids('?state=ended&outcome=committed&op=mkdir&pathPrefix=/d/3&mirror=web1')).toEqual([
      'tx-3',
      null,
    ]);
    expect(await ids('?since=2099-01-01T00:00:00%2B02:00')).toEqual(['', null]);
    parsed(problemDetailsSchema, await bench.call(`${API}/transactions?cursor=nonsense`), 400);
    expect(parsed(transactionDetailSchema, await bench.call(`${API}/transactions/tx-3`)).path).toBe('/d/3');
  });

  it('says whether it is ready, check by check', async () => {
    expect(parsed(readinessSchema, await bench.call('/readyz')).ready).toBe(true);
    bench.controlPlane.readiness = { ready: false, checks: [{ name: 'mounted', ok: false, detail: 'gone' }] };
    expect(parsed(readinessSchema, await bench.call('/readyz'), 503).checks[0]?.detail).toBe('gone');
  });

  it('shows its figures to Prometheus, with escaped labels', async () => {
    bench.controlPlane.addMirror({
      id: 'a"b\\c\nd',
      link: 'down',
      rttMs: null,
      freeBytes: null,
      stalePaths: 7,
    });
    const { body, headers } = await bench.call('/metrics');
    expect(headers['content-type']).toContain('version=0.0.4');
    expect(body).toContain('proxyfs_transactions_total{outcome="rolled-back"} 1\n');
    expect(body).toContain('proxyfs_mirror_link{mirror="web1",state="up"} 1\n');
    expect(body).toContain('proxyfs_mirror_link{mirror="web1",state="down"} 0\n');
    expect(body).toContain('proxyfs_mirror_round_trip_seconds{mirror="web1",quantile="0.95"} 0.0034\n');
    expect(body).toContain('proxyfs_mirror_stale_paths{mirror="a\\"b\\\\c\\nd"} 7\n');
    expect(body).not.toContain('/index.html');
    const unreadable = body
      .split('\n')
      .filter((line) => !/^(# .*|proxyfs_\w+(\{.*\})? [\d.e+-]+|)$/.test(line));
    expect(unreadable).toEqual([]);
  });

  it('answers with the headers that keep pages safe', async () => {
    for (const path of [`${API}/overview`, '/nowhere', '/%zz']) {
      const { headers } = await bench.call(path);
      expect(headers['content-security-policy']).toContain("script-src 'self'");
      expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers['strict-transport-security']).toBeUndefined();
    }
  });
});

describe('changing', () => {
  it('detaches and attaches a mirror, and doing it twice changes nothing', async () => {
    const detached = parsed(mirrorChangeSchema, await post('/mirrors/web1/detach', { reason: 'new disk' }));
    expect([detached.changed, detached.mirror.reason?.message]).toEqual([true, 'new disk']);
    expect(parsed(mirrorChangeSchema, await post('/mirrors/web1/detach')).changed).toBe(false);
    expect(parsed(mirrorChangeSchema, await post('/mirrors/web1/attach')).mirror.detached).toBe(false);
    expect(parsed(mirrorChangeSchema, await post('/mirrors/web1/retry', {})).changed).toBe(false);
  });

  it('takes note of retry and cancel until the transaction is decided', async () => {
    const accepted = { accepted: true, transaction: 'tx-1' };
    expect(parsed(acceptedSchema, await post('/transactions/tx-1/retry'), 202)).toEqual(accepted);
    expect(parsed(acceptedSchema, await post('/transactions/tx-1/cancel', { reason: 'why' }), 202)).toEqual(
      accepted,
    );
    for (const name of ['retry', 'cancel']) {
      const problem = parsed(problemDetailsSchema, await post(`/transactions/tx-1/${name}`), 409);
      expect([problem.code, problem.retryable]).toEqual(['ALREADY_DECIDED', false]);
    }
  });

  it('is logged with who asked for what', async () => {
    await post('/mirrors/web1/detach');
    const change = {
      event: 'api.change',
      params: { id: 'web1' },
      status: 200,
      by: 'token',
      address: '127.0.0.1',
    };
    expect(logged).toContainEqual(expect.objectContaining(change));
    expect(JSON.stringify(logged)).not.toContain('pfs_');
  });
});

describe('a mistaken request', () => {
  it('for what is not there gets a problem', async () => {
    const calls = [
      bench.call(`${API}/mirrors/nobody`),
      bench.call(`${API}/transactions/nothing`),
      bench.call(`${API}/nowhere`),
      bench.call('/nowhere', { headers: { accept: 'text/html' } }),
      post('/mirrors/nobody/detach'),
      post('/transactions/nothing/cancel'),
      bench.call(`${API}/overview`, { method: 'DELETE' }),
    ];
    for (const answer of await Promise.all(calls)) {
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(parsed(problemDetailsSchema, answer, 404).code).toBe('RESOURCE_NOT_FOUND');
    }
  });

  it('names each unknown or wrong parameter', async () => {
    const answer = await bench.call(`${API}/transactions?limit=0&op=shred&colour=red`);
    const problem = parsed(problemDetailsSchema, answer, 400);
    expect(problem.code).toBe('REQUEST_INVALID');
    expect(problem.errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/query/colour',
      '/query/limit',
      '/query/op',
    ]);
    const wrong = [
      'limit=201',
      'limit=-1',
      'limit=1e2',
      'limit=',
      'limit=1&limit=2',
      'since=yesterday',
      'state=both',
    ];
    for (const query of wrong)
      parsed(problemDetailsSchema, await bench.call(`${API}/transactions?${query}`), 400);
  });

  it('is refused by every route that takes no parameters', async () => {
    const strict = bench.server.routes.filter(({ url }) => url !== '/healthz');
    for (const { method, url } of strict.filter((route) => route.method !== 'HEAD')) {
      const answer = await bench.call(`${url.replace(':id', 'web1')}?surprise=1`, { method });
      expect({ method, url, status: answer.status }).toEqual({ method, url, status: 400 });
    }
  });

  it('is refused for unknown fields, wrong types, other media types and bodies beyond the limit', async () => {
    const unknown = parsed(problemDetailsSchema, await post('/mirrors/web1/detach', { why: 'x' }), 400);
    expect(unknown.errors).toEqual([{ pointer: '/body/why', message: 'is not known' }]);
    for (const body of [{ reason: 1 }, [], 'text', { reason: 'x'.repeat(501) }]) {
      parsed(problemDetailsSchema, await post('/mirrors/web1/detach', body), 400);
    }
    const send = (type: string, body: string) =>
      bench.call(`${API}/mirrors/web1/detach`, { method: 'POST', headers: { 'content-type': type }, body });
    parsed(problemDetailsSchema, await send('application/json', '{"reason":'), 400);
    parsed(problemDetailsSchema, await send('application/json', '{"__proto__":{"reason":"x"}}'), 400);
    parsed(problemDetailsSchema, await send('text/plain', '{}'), 400);
    parsed(problemDetailsSchema, await send('application/x-www-form-urlencoded', 'reason=x'), 400);
    const large = await post('/mirrors/web1/detach', { reason: 'x'.repeat(20_000) });
    expect(parsed(problemDetailsSchema, large, 413).code).toBe('REQUEST_TOO_LARGE');
    expect(bench.controlPlane.mirror('web1')?.detached).toBe(false);
  });
});

describe('a bug', () => {
  it('is told to the log in full and to the caller not at all', async () => {
    bench.controlPlane.mirrors = () => {
      throw new TypeError('secret inside');
    };
    const answer = await bench.call(`${API}/mirrors`);
    expect(parsed(problemDetailsSchema, answer, 500)).toMatchObject({
      code: 'BUG',
      detail: 'A bug in Proxyfs',
    });
    expect(answer.body).not.toContain('secret inside');
    const error = expect.objectContaining({ message: 'secret inside' });
    expect(logged).toContainEqual(expect.objectContaining({ event: 'api.bug', error }));
  });

  it('is not what a failure of the catalogue is: its message arrives as it is, at a bounded length', async () => {
    bench.controlPlane.mirrors = () => {
      throw new AppError('JOURNAL_FAILED', `no space for \u202Etxt.exe ${'x'.repeat(5000)}`);
    };
    const problem = parsed(problemDetailsSchema, await bench.call(`${API}/mirrors`), 500);
    expect(problem.code).toBe('JOURNAL_FAILED');
    expect(problem.detail).toMatch(/^no space for \u202Etxt.exe x{900}/);
    expect(problem.detail).toHaveLength(1000);
  });
});
