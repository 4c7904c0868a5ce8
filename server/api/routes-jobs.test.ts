import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { problemDetailsSchema } from '../../shared/api.ts';
import { jobItemsSchema, jobListSchema, jobViewSchema } from '../../shared/jobs.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import type { PlainAnswer } from '../testing/http-request.ts';

const API = '/api/v1';

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench();
});
afterEach(() => bench.stop());

function parsed<Schema extends z.ZodType>(schema: Schema, answer: PlainAnswer, status: number) {
  expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
  return schema.parse(JSON.parse(answer.body));
}

function post(path: string, body: unknown = {}): Promise<PlainAnswer> {
  const headers = { 'content-type': 'application/json' };
  return bench.call(API + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('jobs', () => {
  it('begin with every wish filled in, and tell where to look', async () => {
    const answer = await post('/jobs', { type: 'scrub' });
    expect(parsed(jobViewSchema, answer, 202)).toMatchObject({ id: 'job-1', type: 'scrub', mirror: null });
    expect(answer.headers.location).toBe(`${API}/jobs/job-1`);
    parsed(jobViewSchema, await post('/mirrors/web1/resync', { path: '/a', dryRun: true }), 202);
    expect(bench.controlPlane.jobs.requests).toEqual([
      { type: 'scrub', path: '/', compare: 'quick', repair: false, confirm: false },
      {
        type: 'resync',
        mirror: 'web1',
        path: '/a',
        compare: 'quick',
        dryRun: true,
        adopt: false,
        confirm: false,
      },
    ]);
  });

  it('are listed, shown, and shown with what they found', async () => {
    await post('/jobs', { type: 'scrub' });
    await post('/jobs', { type: 'resync', mirror: 'web1' });
    bench.controlPlane.jobs.found = {
      divergences: [{ mirror: 'web1', path: '/a', kinds: ['content'], localSuspected: true }],
      divergencesLeftOut: 3,
      problems: [{ mirror: 'web1', path: '/b', code: 'ACCESS_DENIED', message: 'no' }],
      problemsLeftOut: 0,
    };
    const { items } = parsed(jobListSchema, await bench.call(`${API}/jobs`), 200);
    expect(items.map(({ id }) => id)).toEqual(['job-2', 'job-1']);
    expect(parsed(jobViewSchema, await bench.call(`${API}/jobs/job-2`), 200).type).toBe('resync');
    const found = parsed(jobItemsSchema, await bench.call(`${API}/jobs/job-1/items`), 200);
    expect(found).toEqual(bench.controlPlane.jobs.found);
  });

  it('are paused, go on and end when asked to, until they are over', async () => {
    bench.controlPlane.jobs.begins = { state: 'running' };
    await post('/jobs', { type: 'scrub' });
    expect(parsed(jobViewSchema, await post('/jobs/job-1/pause'), 202).state).toBe('paused');
    expect(parsed(jobViewSchema, await post('/jobs/job-1/resume'), 202).state).toBe('running');
    expect(parsed(jobViewSchema, await post('/jobs/job-1/cancel'), 202).state).toBe('cancelled');
    bench.controlPlane.jobs.begins = { endedAt: '2024-05-01T10:00:00.000Z' };
    await post('/jobs', { type: 'scrub' });
    expect(parsed(problemDetailsSchema, await post('/jobs/job-2/cancel'), 409).code).toBe('ALREADY_DECIDED');
  });

  it('that are not there get a problem', async () => {
    const calls = [
      bench.call(`${API}/jobs/none`),
      bench.call(`${API}/jobs/none/items`),
      post('/jobs/none/cancel'),
      post('/jobs', { type: 'resync', mirror: 'nobody' }),
    ];
    for (const answer of await Promise.all(calls)) {
      expect(parsed(problemDetailsSchema, answer, 404).code).toBe('RESOURCE_NOT_FOUND');
    }
  });

  it('of a mistaken request name each mistake', async () => {
    const answer = await post('/jobs', { type: 'resync', dryRun: 1, repair: true });
    const { errors } = parsed(problemDetailsSchema, answer, 400);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/body/dryRun',
      '/body/mirror',
      '/body/repair',
    ]);
    parsed(problemDetailsSchema, await post('/jobs', { type: 'shred' }), 400);
  });
});
