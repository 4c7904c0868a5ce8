import { expect, it } from 'vitest';
import { OutcomeCounts } from './outcome-counts.ts';

const NOON_MS = Date.parse('2024-05-01T12:00:00.000Z');
const HOUR_MS = 3600_000;

it('counts the outcomes of a day, and forgets those of before', () => {
  const counts = new OutcomeCounts();
  for (let hour = 0; hour < 100; hour += 1) {
    counts.add('committed', NOON_MS + hour * HOUR_MS);
    if (hour % 2 === 0) counts.add('rolled-back', NOON_MS + hour * HOUR_MS);
  }
  expect(counts.total(NOON_MS + 99 * HOUR_MS)).toEqual({ committed: 24, rolledBack: 12 });
  expect(counts.total(NOON_MS + 121 * HOUR_MS)).toEqual({ committed: 2, rolledBack: 1 });
  expect(counts.total(NOON_MS + 200 * HOUR_MS)).toEqual({ committed: 0, rolledBack: 0 });
});

it('counts what ends after the clock was set back', () => {
  const counts = new OutcomeCounts();
  counts.add('committed', NOON_MS + 2 * HOUR_MS);
  counts.add('committed', NOON_MS);
  counts.add('committed', NOON_MS);
  expect(counts.total(NOON_MS)).toEqual({ committed: 2, rolledBack: 0 });
});
