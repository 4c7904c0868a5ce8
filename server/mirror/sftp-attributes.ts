import { AppError } from '../base/errors.ts';
import type { FileStat, FileType } from '../filesystem/file-tree.ts';
import { isRefusal, type SftpAttributes, STATUS } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

const NS_PER_SECOND = 1_000_000_000n;
const LAST_SECOND = 0xffff_ffffn;

/** S_IFMT and its values (POSIX sys/stat.h as Linux numbers them, which SFTP servers use). */
const TYPE_MASK = 0o170000;
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
]);

export function typeOf(attributes: SftpAttributes): FileType {
  return TYPES.get((attributes.mode ?? 0) & TYPE_MASK) ?? 'other';
}

/** A server that leaves type or size out can't be compared with anything. */
export function toFileStat(attributes: SftpAttributes): FileStat {
  const { mode, size, uid, gid, mtime, atime } = attributes;
  if (mode === undefined || size === undefined || mtime === undefined) {
    throw new AppError('MIRROR_UNSUITABLE', 'the server does not tell type, size or time of a file');
  }
  return {
    type: typeOf(attributes),
    mode: mode & 0o7777,
    uid: uid ?? 0,
    gid: gid ?? 0,
    sizeBytes: size,
    mtimeNs: BigInt(mtime) * NS_PER_SECOND,
    atimeNs: BigInt(atime ?? mtime) * NS_PER_SECOND,
  };
}

/** SFTP 3 carries whole seconds in 32 bits without a sign. */
export function toSftpTimes(times: { atimeNs: bigint; mtimeNs: bigint }): SftpAttributes {
  return { atime: toSeconds(times.atimeNs), mtime: toSeconds(times.mtimeNs) };
}

/** undefined where there is nothing, or no way there. */
export async function lstatOrMissing(session: SftpSession, at: string): Promise<SftpAttributes | undefined> {
  try {
    return await session.lstat(at);
  } catch (thrown) {
    if (isRefusal(thrown, STATUS.NO_SUCH_FILE)) return undefined;
    throw thrown;
  }
}

/** Sets attributes of the entry itself; a symlink is refused where the server can't set those of a symlink. */
export async function setAttributes(
  session: SftpSession,
  at: string,
  attributes: SftpAttributes,
): Promise<void> {
  try {
    return await session.lsetstat(at, attributes);
  } catch (thrown) {
    // Also where /proc is missing in a chroot: the C library then can't tell symlinks from the rest.
    if (!isRefusal(thrown, STATUS.FAILURE, STATUS.OP_UNSUPPORTED)) throw thrown;
  }
  if (typeOf(await session.lstat(at)) === 'symlink') {
    throw new AppError('NOT_SUPPORTED', `the server cannot change these attributes of a symlink: ${at}`);
  }
  await session.setstat(at, attributes);
}

function toSeconds(timeNs: bigint): number {
  const seconds = timeNs / NS_PER_SECOND;
  if (timeNs < 0n) return 0;
  return Number(seconds > LAST_SECOND ? LAST_SECOND : seconds);
}
