import { expect, it } from 'vitest';
import { timeLeftMs } from './time-left.ts';

const FIRST = { atMs: 1000, paths: 500 };

it('goes on at the rate so far', () => {
  expect(timeLeftMs(FIRST, { atMs: 11_000, paths: 400 })).toBe(40_000);
  expect(timeLeftMs(FIRST, { atMs: 11_000, paths: 0 })).toBe(0);
});

it('is not told while nothing was done, or for too short a time', () => {
  expect(timeLeftMs(FIRST, { atMs: 60_000, paths: 500 })).toBeUndefined();
  expect(timeLeftMs(FIRST, { atMs: 2000, paths: 100 })).toBeUndefined();
});
