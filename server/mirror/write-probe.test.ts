import { expect, test } from 'vitest';
import { aheadMs } from './write-probe.ts';

test.each([
  ['the same second', 100, { beforeMs: 100_200, afterMs: 100_300 }, 0],
  ['the second of the request’s end', 101, { beforeMs: 100_900, afterMs: 101_100 }, 0],
  ['the next second', 101, { beforeMs: 100_200, afterMs: 100_300 }, 700],
  ['a minute later', 160, { beforeMs: 100_200, afterMs: 100_300 }, 59_700],
  ['a minute earlier', 40, { beforeMs: 100_200, afterMs: 100_300 }, -59_201],
])('of a server that says %s, the clock is ahead by what is certain', (_title, seconds, request, ahead) => {
  expect(aheadMs(seconds, request)).toBe(ahead);
});
