import { expect, it } from 'vitest';
import type { ScrubSchedule } from '../config/configuration.ts';
import { scrubDueMs } from './scrub-due.ts';

const DAY_MS = 24 * 3600 * 1000;
const AT_THREE = { hour: 3, minute: 0 };

/** By the clock of this machine, as the schedule is. */
function at(day: number, hour: number, minute = 0): number {
  return new Date(2024, 4, day, hour, minute).getTime();
}

function due(schedule: Partial<ScrubSchedule>, last: number | undefined, started = at(1, 12)): Date {
  const whole = { everyMs: 7 * DAY_MS, at: undefined, compare: 'quick', repair: false, ...schedule } as const;
  return new Date(scrubDueMs(whole, last, started));
}

it('is due an interval after the last one ended, also where that is long past', () => {
  expect(due({ everyMs: DAY_MS }, at(2, 15))).toEqual(new Date(at(3, 15)));
  expect(due({ everyMs: DAY_MS }, at(2, 15), at(20, 1))).toEqual(new Date(at(3, 15)));
});

it('is due at the time of day nearest to the end of the interval, however long the last one took', () => {
  for (const ended of [at(2, 3), at(2, 5, 30), at(2, 14), at(1, 16)]) {
    expect(due({ at: AT_THREE }, ended)).toEqual(new Date(at(9, 3)));
  }
  expect(due({ at: AT_THREE, everyMs: DAY_MS }, at(2, 3, 1))).toEqual(new Date(at(3, 3)));
});

it('of a mirror that was never scrubbed is due from the start, or at the first time of day after it', () => {
  expect(due({}, undefined)).toEqual(new Date(at(1, 12)));
  expect(due({ at: AT_THREE }, undefined)).toEqual(new Date(at(2, 3)));
  expect(due({ at: AT_THREE }, undefined, at(1, 3))).toEqual(new Date(at(1, 3)));
});

it('keeps the time of day over a change to or from summer time', () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  try {
    for (const [month, day] of [
      [2, 30],
      [9, 26],
    ] as const) {
      const ended = new Date(2024, month, day, 3, 20).getTime();
      const next = due({ at: AT_THREE, everyMs: DAY_MS }, ended);
      expect([next.getDate(), next.getHours(), next.getMinutes()]).toEqual([day + 1, 3, 0]);
    }
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});
