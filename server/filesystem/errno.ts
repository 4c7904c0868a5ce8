import { constants } from 'node:os';
import type { ErrnoName, ErrorCode } from '../../shared/error-codes.ts';
import { AppError, type ErrorDetails } from '../base/errors.ts';

const CODE_OF_ERRNO: Readonly<Record<string, ErrorCode>> = {
  EPERM: 'NOT_PERMITTED',
  ENOENT: 'NOT_FOUND',
  EINTR: 'INTERRUPTED',
  EIO: 'INPUT_OUTPUT',
  EBADF: 'BAD_HANDLE',
  EACCES: 'ACCESS_DENIED',
  EBUSY: 'BUSY',
  ETXTBSY: 'BUSY',
  EEXIST: 'ALREADY_EXISTS',
  EXDEV: 'CROSS_DEVICE',
  ENODEV: 'NO_DEVICE',
  ENXIO: 'NO_DEVICE',
  ENOTDIR: 'NOT_A_DIRECTORY',
  EISDIR: 'IS_A_DIRECTORY',
  EINVAL: 'INVALID_ARGUMENT',
  EMFILE: 'TOO_MANY_OPEN_FILES',
  ENFILE: 'TOO_MANY_OPEN_FILES',
  EFBIG: 'FILE_TOO_LARGE',
  EOVERFLOW: 'FILE_TOO_LARGE',
  ENOSPC: 'NO_SPACE',
  EROFS: 'READ_ONLY',
  EMLINK: 'TOO_MANY_LINKS',
  ENAMETOOLONG: 'NAME_TOO_LONG',
  ENOSYS: 'NOT_IMPLEMENTED',
  ENOTEMPTY: 'NOT_EMPTY',
  ELOOP: 'TOO_MANY_SYMLINKS',
  ENOTSUP: 'NOT_SUPPORTED',
  EOPNOTSUPP: 'NOT_SUPPORTED',
  EDQUOT: 'QUOTA_EXCEEDED',
  ESTALE: 'STALE_HANDLE',
  EILSEQ: 'NAME_NOT_UTF8',
  // Node's own check before the system call: a NUL in a name or a target.
  ERR_INVALID_ARG_VALUE: 'INVALID_ARGUMENT',
};

/** Linux' numbers, for systems whose own table lacks the name. */
const LINUX_ERRNO: Readonly<Record<ErrnoName, number>> = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENOTSUP: 95,
  ETIMEDOUT: 110,
  EDQUOT: 122,
  ESTALE: 116,
  EILSEQ: 84,
  ECANCELED: 125,
};

/** Translates what node:fs threw; an AppError passes, an errno without a code of its own becomes INPUT_OUTPUT. */
export function appErrorOf(thrown: unknown, details: ErrorDetails = {}): AppError {
  if (thrown instanceof AppError) return thrown;
  const errno = errnoNameOf(thrown);
  const known = errno === undefined ? undefined : CODE_OF_ERRNO[errno];
  // Not a system call's failure at all: our own mistake, which must not pass for a disk's.
  const code = known ?? (errno?.startsWith('E') && !errno.startsWith('ERR_') ? 'INPUT_OUTPUT' : 'BUG');
  const message = code === 'BUG' && thrown instanceof Error ? thrown.message : undefined;
  return new AppError(code, message, { cause: thrown, details: { errno, ...details } });
}

/** The name node:fs gives a failure (`ENOENT`), if it is one of a system call. */
export function errnoNameOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Whether node:fs failed with one of these. */
export function hasErrno(thrown: unknown, ...names: string[]): boolean {
  const name = errnoNameOf(thrown);
  return name !== undefined && names.includes(name);
}

/** The number of an errno on this system, as drivers answer it (positive). */
export function errnoNumber(name: ErrnoName): number {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return numbers[name] ?? LINUX_ERRNO[name];
}

/** What a system call answers for this failure (positive). */
export function errnoOf(error: AppError): number {
  return errnoNumber(error.row.errno);
}
