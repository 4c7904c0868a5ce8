import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Tally } from '../resync/tally.ts';
import { JobProgress } from './job-progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function comparing(options: { reads: boolean; mirrors: number }): { progress: JobProgress; tally: Tally } {
  const progress = new JobProgress(options);
  const tally = new Tally();
  progress.measures({ entries: 100, bytes: 1000 });
  progress.compares(tally);
  return { progress, tally };
}

it('tells how fast it compares and what is left by whichever takes longer', () => {
  const { progress, tally } = comparing({ reads: true, mirrors: 2 });
  vi.advanceTimersByTime(10_000);
  Object.assign(tally, { entries: 50, comparedBytes: 200 });
  expect(progress.view()).toMatchObject({
    phase: 'comparing',
    total: { entries: 200, bytes: 2000 },
    entriesPerSecond: 5,
    bytesPerSecond: 20,
    etaSeconds: 90,
  });
});

it('doesn’t count content that isn’t read, nor time in which it is paused', () => {
  const { progress, tally } = comparing({ reads: false, mirrors: 1 });
  vi.advanceTimersByTime(10_000);
  tally.entries = 20;
  progress.stopClock();
  expect(progress.view()).toMatchObject({ entriesPerSecond: null, etaSeconds: null });
  vi.advanceTimersByTime(60_000);
  progress.startClock();
  expect(progress.view()).toMatchObject({ total: { bytes: 0 }, entriesPerSecond: 2, etaSeconds: 40 });
});

it('counts each phase by itself, and what is sent from when repairing began', () => {
  const { progress, tally } = comparing({ reads: false, mirrors: 1 });
  let sent = 5000;
  Object.assign(tally, { entries: 100, copies: 10, copyBytes: 400 });
  vi.advanceTimersByTime(10_000);
  progress.repairs(10, () => sent);
  vi.advanceTimersByTime(4000);
  sent += 100;
  progress.repaired(5);
  expect(progress.view()).toMatchObject({
    phase: 'repairing',
    entries: 100,
    plan: { copies: 10, copyBytes: 400 },
    repaired: { paths: 5, bytes: 100 },
    bytesPerSecond: 25,
    etaSeconds: 12,
  });
  sent += 300;
  progress.end();
  sent += 7;
  expect(progress.view()).toMatchObject({ repaired: { bytes: 400 }, etaSeconds: null });
});

it('knows no end while it isn’t known how much there is, or while nothing goes on', () => {
  const progress = new JobProgress({ reads: true, mirrors: 1 });
  progress.compares(new Tally());
  vi.advanceTimersByTime(1000);
  expect(progress.view()).toMatchObject({ total: null, entriesPerSecond: 0, etaSeconds: null });
  progress.measures({ entries: 1, bytes: 0 });
  expect(progress.view().etaSeconds).toBeNull();
});
