import type { ScrubSchedule } from '../config/configuration.ts';

const HALF_DAY_MS = 12 * 3600 * 1000;

/**
 * When the next scrub of a mirror is due, by when the last one ended; in the past where it was missed. With a time of day it
 * is the one nearest to the end of the interval, so that the time a scrub takes doesn't add up. `startedMs`: of the
 * appliance, from which a mirror counts that was never scrubbed.
 */
export function scrubDueMs(
  { everyMs, at }: ScrubSchedule,
  lastMs: number | undefined,
  startedMs: number,
): number {
  const earliestMs = lastMs === undefined ? startedMs : lastMs + everyMs - (at ? HALF_DAY_MS : 0);
  return at ? nextAt(at, earliestMs) : earliestMs;
}

/** By the calendar, as days are longer or shorter where clocks are set forward or back. */
function nextAt({ hour, minute }: { hour: number; minute: number }, earliestMs: number): number {
  const time = new Date(earliestMs);
  time.setHours(hour, minute, 0, 0);
  if (time.getTime() < earliestMs) {
    time.setDate(time.getDate() + 1);
    time.setHours(hour, minute, 0, 0);
  }
  return time.getTime();
}
