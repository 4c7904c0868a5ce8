import { describe, expect, it } from 'vitest';
import type { Attributes } from '../driver.ts';
import { fromDouble, nativeAttributes, nativeStatistics, requestedTimes } from './native-values.ts';

const ATTRIBUTES: Attributes = {
  inode: 5n,
  device: 1n,
  mode: 0o100_644,
  links: 2,
  uid: 1000,
  gid: 4_294_967_294,
  sizeBytes: 5 * 2 ** 32 + 7,
  blocks: 9,
  blockSizeBytes: 4096,
  atimeNs: 1_000_999_999n,
  mtimeNs: 4_000_000_000_123_456_789n,
  ctimeNs: -1n,
};

const STATISTICS = {
  blockSizeBytes: 4096,
  blocks: 1000,
  blocksFree: 500,
  blocksAvailable: 400,
  files: 10,
  filesFree: 5,
  nameMaxBytes: 255,
};

describe('values for the C side', () => {
  it('carry sizes beyond 32 bits and times in whole milliseconds, none before 1970', () => {
    const integers = [...nativeAttributes(ATTRIBUTES)];
    expect(integers.slice(0, 5)).toEqual([0o100_644, 1000, 4_294_967_294, 7, 5]);
    expect(fromDouble(integers[12] ?? 0, integers[13] ?? 0)).toBe(1000);
    expect(fromDouble(integers[14] ?? 0, integers[15] ?? 0)).toBe(4_000_000_000_123);
    expect(fromDouble(integers[16] ?? 0, integers[17] ?? 0)).toBe(0);
  });

  it('tell hard links of large inodes apart as far as 32 bits can', () => {
    const inode = (value: bigint) => nativeAttributes({ ...ATTRIBUTES, inode: value })[7];
    expect(inode(2n ** 40n + 1n)).not.toBe(inode(2n ** 41n + 1n));
    expect(inode(2n ** 32n - 1n)).toBe(2 ** 32 - 1);
  });

  it('tell larger blocks where the number of blocks has more than 32 bits', () => {
    const small = nativeStatistics(STATISTICS);
    expect([...small.slice(0, 5)]).toEqual([4096, 4096, 1000, 500, 400]);
    const blocks = 2 ** 33;
    const large = nativeStatistics({ ...STATISTICS, blocks, blocksFree: 2 ** 32, files: 2 ** 33 });
    expect((large[1] ?? 0) * (large[2] ?? 0)).toBe(blocks * 4096);
    expect((large[1] ?? 0) * (large[3] ?? 0)).toBe(2 ** 32 * 4096);
    expect(large[5]).toBe(2 ** 32 - 1);
  });

  it('take both times from the request, and refuse a request laid out differently', () => {
    const request = Buffer.alloc(400);
    request.writeBigInt64LE(5_000_000_001n, 104);
    request.writeBigInt64LE(-1n, 112);
    const [low, high] = [5_000_000_001 % 2 ** 32, Math.floor(5_000_000_001 / 2 ** 32)];
    expect(requestedTimes(request, low, high)).toEqual({ atime: 5_000_000_001_000_000n, mtime: -1_000_000n });
    expect(() => requestedTimes(request, low + 1, high)).toThrow(
      expect.objectContaining({ code: 'NOT_SUPPORTED' }),
    );
  });
});
