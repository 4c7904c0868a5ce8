import { afterEach, beforeEach, expect, it } from 'vitest';
import { jobItemsSchema, jobViewSchema } from '../../shared/jobs.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { runRestCommand } from '../testing/run-rest-command.ts';

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench();
});
afterEach(() => bench.stop());

const here = (...args: string[]) => runRestCommand(bench.url, ...args);

it('hands each wish on, and waits for the end', async () => {
  expect((await here('resync', 'web1', '/a b', '--dry-run', '--adopt', '--yes')).code).toBe(0);
  expect((await here('scrub', 'web1', '--content', '--repair')).code).toBe(0);
  expect((await here('scrub')).code).toBe(0);
  expect(bench.controlPlane.jobs.requests).toEqual([
    {
      type: 'resync',
      mirror: 'web1',
      path: '/a b',
      compare: 'quick',
      dryRun: true,
      adopt: true,
      confirm: true,
    },
    { type: 'scrub', mirror: 'web1', path: '/', compare: 'content', repair: true, confirm: false },
    { type: 'scrub', path: '/', compare: 'quick', repair: false, confirm: false },
  ]);
});

it('lists what was found, and ends with 1 where it was left so', async () => {
  const { jobs } = bench.controlPlane;
  jobs.begins = { state: 'done', endedAt: '2024-05-01T10:00:00.000Z', divergences: 2, localSuspected: 1 };
  jobs.found = {
    divergences: [
      { mirror: 'web1', path: '/a\x1b[31m', kinds: ['size', 'mtime'], localSuspected: false },
      { mirror: 'web1', path: '/b', kinds: ['missing'], localSuspected: true },
    ],
    divergencesLeftOut: 5,
    problems: [{ mirror: 'web1', path: '/c', code: 'ACCESS_DENIED', message: 'no' }],
    problemsLeftOut: 0,
  };
  const { code, out } = await here('scrub');
  expect(code).toBe(1);
  expect(out).toContain('scrub of all mirrors /: done (job-1)\n10 entries compared: 2 differ\n');
  expect(out).toMatch(/^web1 +size, mtime +\/a\\u\{1b\}\[31m$/m);
  expect(out).toMatch(/^web1 +missing +\/b +local damage suspected$/m);
  expect(out).toMatch(/^web1 +not compared +\/c +no \(ACCESS_DENIED\)$/m);
  expect(out).toContain('and 5 more\n');
  jobs.begins = { ...jobs.begins, repaired: { paths: 2, bytes: 7 } };
  expect((await here('scrub', '--repair')).code).toBe(0);
});

it('says why a job failed, in text and JSON', async () => {
  const error = { code: 'CONFIRMATION_NEEDED', message: '2000 entries would be removed' } as const;
  bench.controlPlane.jobs.begins = { state: 'failed', endedAt: '2024-05-01T10:00:00.000Z', error };
  const { code, out } = await here('resync', 'web1');
  expect([code, out]).toEqual([
    1,
    expect.stringContaining('2000 entries would be removed (CONFIRMATION_NEEDED)'),
  ]);
  const json = await here('resync', 'web1', '--json');
  const value = JSON.parse(json.out) as { items: unknown };
  expect([json.code, jobViewSchema.parse(value).error]).toEqual([1, error]);
  expect(jobItemsSchema.parse(value.items).divergences).toEqual([]);
});

it('shows jobs and changes them', async () => {
  expect((await here('jobs')).out).toBe('none\n');
  bench.controlPlane.jobs.begins = { state: 'running', phase: 'repairing', etaSeconds: 90 };
  bench.controlPlane.jobs.start({
    type: 'resync',
    mirror: 'web1',
    path: '/',
    compare: 'quick',
    dryRun: false,
    adopt: false,
    confirm: false,
  });
  expect((await here('jobs')).out).toMatch(
    /^job-1 .*resync web1 \/ +running, repairing +10 +0 +0 +1 min 30 s$/m,
  );
  expect((await here('jobs', 'job-1', 'pause')).out).toContain('resync of web1 /: paused (job-1)\n');
  expect((await here('jobs', 'job-1')).out).toContain('paused');
  expect(await here('jobs', 'none')).toMatchObject({ code: 1, err: 'proxyfs: There is no such job\n' });
});
