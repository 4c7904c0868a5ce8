import { expect, it } from 'vitest';
import { pauseAfter } from './retry-schedule.ts';

it('pauses as the schedule says, repeats its last pause, and ends after the last attempt', () => {
  const policy = { times: 4, waitMs: [1000, 5000], timeoutMs: 5000 };
  expect([1, 2, 3, 4].map((attempt) => pauseAfter(attempt, policy))).toEqual([1000, 5000, 5000, undefined]);
});

it('knows a policy of a single attempt and one without pauses', () => {
  expect(pauseAfter(1, { times: 1, waitMs: [1000], timeoutMs: 5000 })).toBeUndefined();
  expect(pauseAfter(1, { times: 2, waitMs: [], timeoutMs: 5000 })).toBe(0);
});
