import { expect, it } from 'vitest';
import { type JobView, jobViewSchema } from '../../../shared/jobs.ts';
import { withJob } from './live-jobs.ts';

const AT = '2026-01-01T00:00:00.000Z';

function job(id: string, change: Partial<JobView> = {}): JobView {
  return jobViewSchema.parse({
    id,
    type: 'scrub',
    mirror: null,
    path: '/',
    compare: 'quick',
    repairs: true,
    state: 'running',
    phase: 'repairing',
    startedBy: 'operator',
    restarts: 0,
    startedAt: AT,
    currentPath: null,
    entries: 3,
    comparedBytes: 0,
    total: null,
    divergences: 3,
    localSuspected: 0,
    problems: 0,
    unknownLinks: 0,
    plan: { copies: 2, copyBytes: 0, changes: 0, removals: 1 },
    repaired: { paths: 0, bytes: 0 },
    entriesPerSecond: null,
    bytesPerSecond: null,
    etaSeconds: null,
    ...change,
  });
}

it('shows a job as it was told last, a new one first', () => {
  const further = job('a', { repaired: { paths: 2, bytes: 0 } });
  expect(withJob([job('a')], further)).toEqual([further]);
  expect(withJob([job('a')], job('b')).map(({ id }) => id)).toEqual(['b', 'a']);
});

it('leaves a job that is over as it is: the answer to its beginning may come after its end', () => {
  const over = job('a', { state: 'done', endedAt: AT, repaired: { paths: 3, bytes: 9 } });
  expect(withJob([over], job('a'))).toEqual([over]);
});
