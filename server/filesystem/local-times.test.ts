import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeSync, lstatSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { setTimes, setTimesOfDescriptor } from './local-times.ts';

let temp: TempDirectory;
let file: string;

beforeEach(async () => {
  temp = await tempDirectory('times');
  file = join(temp.path, 'file');
  writeFileSync(file, '');
});
afterEach(() => temp.remove());

function timesOf(path: string): { atimeNs: bigint; mtimeNs: bigint } {
  const { atimeNs, mtimeNs } = lstatSync(path, { bigint: true });
  return { atimeNs, mtimeNs };
}

test.each([
  0n,
  1n,
  999_999_999n,
  1_700_000_000_123_456_789n,
  1_700_000_000_999_999_999n,
  2_147_483_647_999_999_999n,
  4_294_967_296_000_000_001n,
  -1n,
  -1_000_000_000n,
  -1_500_000_500n,
  -2_000_000_000_000_000_001n,
])('%i ns is set exactly, by name and by descriptor', (timeNs) => {
  const times = { atimeNs: timeNs, mtimeNs: timeNs + 7_000_000_001n };
  setTimes(file, times);
  expect(timesOf(file)).toEqual(times);
  const other = { atimeNs: times.mtimeNs, mtimeNs: timeNs };
  const fd = openSync(file, 'r');
  setTimesOfDescriptor(fd, other);
  closeSync(fd);
  expect(timesOf(file)).toEqual(other);
});

test('a symlink gets times of its own', () => {
  const [before, link] = [timesOf(file), join(temp.path, 'liñk')];
  symlinkSync('file', link);
  setTimes(link, { atimeNs: 5n, mtimeNs: 6n });
  expect(timesOf(link)).toEqual({ atimeNs: 5n, mtimeNs: 6n });
  expect(timesOf(file)).toEqual(before);
});

test('a refusal has the errno of the system call', () => {
  const times = { atimeNs: 0n, mtimeNs: 0n };
  expect(() => setTimes(join(temp.path, 'missing'), times)).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'utimensat' }),
  );
  expect(() => setTimesOfDescriptor(-1, times)).toThrow(
    expect.objectContaining({ code: 'EBADF', syscall: 'futimens' }),
  );
});
