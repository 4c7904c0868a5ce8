import { lstatSync, promises, type BigIntStats } from 'node:fs';
import { AppError } from '../base/errors.ts';
import { appErrorOf, hasErrno } from './errno.ts';
import type { FileStat, FileType } from './file-tree.ts';

/** What the port says of an entry. */
export function fileStatOf(stat: BigIntStats): FileStat {
  return {
    type: typeOf(stat),
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    sizeBytes: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    atimeNs: stat.atimeNs,
    links: Number(stat.nlink),
  };
}

export function typeOf(stat: BigIntStats): FileType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'symlink' : 'other';
}

/** Whether both describe one inode. */
export function isSameInode(
  one: { readonly dev: bigint; readonly ino: bigint },
  other: { readonly dev: bigint; readonly ino: bigint },
): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** undefined where there is nothing, also where a parent is missing or no directory. */
export async function lstatOptional(absolute: string | Buffer): Promise<BigIntStats | undefined> {
  try {
    return await promises.lstat(absolute, { bigint: true });
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw appErrorOf(error);
  }
}

/** The same for paths looked up a moment ago. */
export function lstatOptionalNow(absolute: string): BigIntStats | undefined {
  try {
    return lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw appErrorOf(error);
  }
}

/** For paths looked up a moment ago: answered from the kernel's cache in microseconds. */
export function lstatNow(absolute: string): BigIntStats {
  const found = lstatOptionalNow(absolute);
  if (found) return found;
  // What is missing is asked for at each new name: node:fs' own error would be made only to be translated.
  throw new AppError('NOT_FOUND');
}
