import { afterEach, beforeEach, expect, test } from 'vitest';
import { lstat, lutimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { timeForNode } from './local-times.ts';

let temp: TempDirectory;

beforeEach(async () => {
  temp = await tempDirectory('times');
});
afterEach(() => temp.remove());

async function readBack(timeNs: bigint): Promise<bigint> {
  const file = join(temp.path, 'file');
  await writeFile(file, '');
  await lutimes(file, timeForNode(timeNs), timeForNode(timeNs));
  return (await lstat(file, { bigint: true })).mtimeNs;
}

test.each([
  0n,
  1n,
  999n,
  1_000n,
  1_700_000_000_123_456_789n,
  1_700_000_000_999_999_999n,
  1_700_000_000_000_000_999n,
  2_147_483_647_999_999_999n,
  4_294_967_295_999_999_999n,
  -1n,
  -1_000n,
  -999_999_999n,
  -1_000_000_000n,
  -1_500_000_500n,
  -2_000_000_000_000_000_001n,
])('%i ns is set to the microsecond it is in', async (timeNs) => {
  const micro = timeNs / 1000n - (timeNs < 0n && timeNs % 1000n !== 0n ? 1n : 0n);
  expect(await readBack(timeNs)).toBe(micro * 1000n);
});

test('every microsecond near the edges of a second is met exactly', async () => {
  for (const second of [1_700_000_000n, 1_234_567_891n, 4_000_000_001n]) {
    for (const micro of [0n, 1n, 2n, 333_333n, 499_999n, 500_000n, 999_998n, 999_999n]) {
      const timeNs = second * 1_000_000_000n + micro * 1000n;
      expect(await readBack(timeNs)).toBe(timeNs);
    }
  }
});

test('beyond the year 2106 the second is kept', async () => {
  expect(await readBack(5_000_000_000_999_999_999n)).toBe(5_000_000_000_000_000_000n);
});
