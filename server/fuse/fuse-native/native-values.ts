import { AppError } from '../../base/errors.ts';
import type { Attributes, FileSystemStatistics, ListedEntry } from '../driver.ts';
import type { NativeRequest } from './native-binding.ts';

/** Numbers in the form that fuse-native.c reads: unsigned 32-bit integers, two for what has 64 bits (low first). */
const STAT_INTEGERS = 18;
const STATFS_INTEGERS = 11;
const TWO_TO_32 = 2 ** 32;
const NS_PER_MS = 1_000_000n;

/** What must be passed where an operation failed; the C side reads it all the same. */
export const NO_ATTRIBUTES = new Uint32Array(STAT_INTEGERS);
export const NO_STATISTICS = new Uint32Array(STATFS_INTEGERS);

/** populate_stat of fuse-native.c. Times have milliseconds there, and none before 1970. */
export function nativeAttributes(attributes: Attributes): Uint32Array {
  const integers = new Uint32Array(STAT_INTEGERS);
  integers[0] = attributes.mode;
  integers[1] = attributes.uid;
  integers[2] = attributes.gid;
  putDouble(integers, 3, attributes.sizeBytes);
  integers[6] = attributes.links;
  integers[7] = nativeInode(attributes.inode);
  integers[9] = attributes.blockSizeBytes;
  putDouble(integers, 10, attributes.blocks);
  putTime(integers, 12, attributes.atimeNs);
  putTime(integers, 14, attributes.mtimeNs);
  putTime(integers, 16, attributes.ctimeNs);
  return integers;
}

/** Inode and type are all that libfuse takes from a listing. */
export function nativeEntry(entry: ListedEntry): Uint32Array {
  const integers = new Uint32Array(STAT_INTEGERS);
  integers[0] = entry.type;
  integers[6] = 1;
  integers[7] = nativeInode(entry.inode);
  return integers;
}

/**
 * populate_statvfs of fuse-native.c has 32 bits for the counts: of a file system with more blocks, larger blocks are told.
 */
export function nativeStatistics(statistics: FileSystemStatistics): Uint32Array {
  let scale = 1;
  while (statistics.blocks / scale >= TWO_TO_32) scale *= 2;
  const clamp = (count: number) => Math.min(count, TWO_TO_32 - 1);
  const integers = new Uint32Array(STATFS_INTEGERS);
  integers[0] = statistics.blockSizeBytes * scale;
  integers[1] = statistics.blockSizeBytes * scale;
  integers[2] = Math.floor(statistics.blocks / scale);
  integers[3] = Math.floor(statistics.blocksFree / scale);
  integers[4] = Math.floor(statistics.blocksAvailable / scale);
  integers[5] = clamp(statistics.files);
  integers[6] = clamp(statistics.filesFree);
  integers[7] = clamp(statistics.filesFree);
  integers[10] = statistics.nameMaxBytes;
  return integers;
}

export function fromDouble(low: number, high: number): number {
  return low + high * TWO_TO_32;
}

/** Where fuse_thread_locals_t of fuse-native.c 2.2.6 has the times on a 64-bit system, in milliseconds. */
const ATIME_AT = 104;
const MTIME_AT = 112;

/**
 * The times of a utimens: the package passes the atime twice, so both are taken from the request itself. The atime
 * that is passed shows whether it is laid out as expected; if not, setting times is refused rather than guessed.
 */
export function requestedTimes(request: NativeRequest, atimeLow: number, atimeHigh: number) {
  const atimeMs = request.readBigInt64LE(ATIME_AT);
  if (BigInt.asUintN(64, atimeMs) !== (BigInt(atimeHigh) << 32n) + BigInt(atimeLow)) {
    throw new AppError('NOT_SUPPORTED', 'this build of fuse-native lays its requests out differently');
  }
  return { atime: atimeMs * NS_PER_MS, mtime: request.readBigInt64LE(MTIME_AT) * NS_PER_MS };
}

/**
 * The C side has 32 bits for the inode. Larger numbers are folded: two files may then share one, which only
 * matters to programs that look for hard links.
 */
function nativeInode(inode: bigint): number {
  return Number(BigInt.asUintN(32, inode ^ (inode >> 32n)));
}

function putDouble(integers: Uint32Array, at: number, value: number): void {
  integers[at] = value % TWO_TO_32;
  integers[at + 1] = Math.floor(value / TWO_TO_32);
}

function putTime(integers: Uint32Array, at: number, timeNs: bigint): void {
  const timeMs = timeNs < 0n ? 0n : timeNs / NS_PER_MS;
  integers[at] = Number(timeMs & 0xffff_ffffn);
  integers[at + 1] = Number(timeMs >> 32n);
}
