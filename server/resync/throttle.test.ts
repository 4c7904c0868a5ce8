import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Throttle } from './throttle.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('lets bytes through at its rate, whoever asks', async () => {
  const throttle = new Throttle(1000);
  const passed: number[] = [];
  const begin = Date.now();
  const taking = [500, 500, 1000].map((bytes) =>
    throttle.take(bytes).then(() => passed.push(Date.now() - begin)),
  );
  await vi.runAllTimersAsync();
  await Promise.all(taking);
  expect(passed).toEqual([0, 500, 1000]);
});

it('never waits without a limit', async () => {
  await new Throttle(undefined).take(1e12);
  expect(vi.getTimerCount()).toBe(0);
});

it('lets go of whoever gives up', async () => {
  const throttle = new Throttle(1000);
  await throttle.take(1000);
  const giving = new AbortController();
  const taking = throttle.take(1, giving.signal);
  giving.abort();
  await expect(taking).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(vi.getTimerCount()).toBe(0);
});
