import { expect, test } from 'vitest';
import { lacksOf } from './guarantee.ts';

const FULL = {
  atomicRename: true,
  fsync: true,
  hardLinks: true,
  lsetstat: true,
  statvfs: true,
  owners: true,
  maxWriteBytes: 32_768,
  writable: true,
  clockAheadMs: 0,
  bootId: undefined,
};

test('a server that can do everything lacks nothing, whether its clock is known or not', () => {
  expect(lacksOf({ ...FULL, clockAheadMs: 2000 })).toEqual([]);
  expect(lacksOf({ ...FULL, clockAheadMs: undefined })).toEqual([]);
});

test.each([
  [{ fsync: false }, 'fsync does not reach its disk'],
  [{ owners: false }, 'owners are not kept'],
  [{ hardLinks: false }, 'no hard links'],
  [{ clockAheadMs: 2001 }, 'its clock is 2.0 s ahead'],
  [{ clockAheadMs: -3_600_000 }, 'its clock is 3600.0 s behind'],
])('%j is told as %j', (less, text) => {
  expect(lacksOf({ ...FULL, ...less })).toEqual([text]);
});
