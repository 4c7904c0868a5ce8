/**
 * The catalogue of everything that can go wrong: one row per code. Each border translates from here
 * (FUSE errno, HTTP status, exit code), so a code means the same thing wherever it is shown.
 */
export interface ErrorRow {
  readonly title: string;
  readonly httpStatus: number;
  /** What a system call on the mount answers. */
  readonly errno: ErrnoName;
  /** Whether a later attempt at the same request may succeed by itself. Only the retry policy asks. */
  readonly retryable: boolean;
  /** Who has to act before it can work. */
  readonly actor: 'nobody' | 'caller' | 'operator' | 'developer';
}

export type ErrnoName =
  | 'EPERM'
  | 'ENOENT'
  | 'EINTR'
  | 'EIO'
  | 'EBADF'
  | 'EACCES'
  | 'EBUSY'
  | 'EEXIST'
  | 'EXDEV'
  | 'ENODEV'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'EINVAL'
  | 'EMFILE'
  | 'EFBIG'
  | 'ENOSPC'
  | 'EROFS'
  | 'EMLINK'
  | 'ENAMETOOLONG'
  | 'ENOSYS'
  | 'ENOTEMPTY'
  | 'ELOOP'
  | 'ENOTSUP'
  | 'ETIMEDOUT'
  | 'EDQUOT'
  | 'ESTALE'
  | 'EILSEQ'
  | 'ECANCELED';

type Actor = ErrorRow['actor'];

function row(
  title: string,
  httpStatus: number,
  errno: ErrnoName,
  actor: Actor,
  retryable: 'retryable' | 'final' = 'final',
): ErrorRow {
  return { title, httpStatus, errno, actor, retryable: retryable === 'retryable' };
}

export const ERROR_CATALOGUE = {
  // What a file system says, local or remote: the code carries the errno.
  NOT_PERMITTED: row('Operation not permitted', 403, 'EPERM', 'caller'),
  NOT_FOUND: row('No such file or directory', 404, 'ENOENT', 'caller'),
  INTERRUPTED: row('Interrupted by the caller', 409, 'EINTR', 'nobody'),
  INPUT_OUTPUT: row('Input/output error', 502, 'EIO', 'operator'),
  BAD_HANDLE: row('Bad file descriptor', 400, 'EBADF', 'caller'),
  ACCESS_DENIED: row('Permission denied', 403, 'EACCES', 'caller'),
  BUSY: row('Device or resource busy', 409, 'EBUSY', 'caller'),
  ALREADY_EXISTS: row('File exists', 409, 'EEXIST', 'caller'),
  CROSS_DEVICE: row('Invalid cross-device link', 409, 'EXDEV', 'caller'),
  NO_DEVICE: row('No such device', 503, 'ENODEV', 'operator'),
  NOT_A_DIRECTORY: row('Not a directory', 409, 'ENOTDIR', 'caller'),
  IS_A_DIRECTORY: row('Is a directory', 409, 'EISDIR', 'caller'),
  INVALID_ARGUMENT: row('Invalid argument', 400, 'EINVAL', 'caller'),
  TOO_MANY_OPEN_FILES: row('Too many open files', 503, 'EMFILE', 'operator'),
  FILE_TOO_LARGE: row('File too large', 413, 'EFBIG', 'caller'),
  NO_SPACE: row('No space left on device', 507, 'ENOSPC', 'operator'),
  READ_ONLY: row('Read-only file system', 409, 'EROFS', 'operator'),
  TOO_MANY_LINKS: row('Too many links', 409, 'EMLINK', 'caller'),
  NAME_TOO_LONG: row('File name too long', 400, 'ENAMETOOLONG', 'caller'),
  NOT_IMPLEMENTED: row('Function not implemented', 501, 'ENOSYS', 'nobody'),
  NOT_EMPTY: row('Directory not empty', 409, 'ENOTEMPTY', 'caller'),
  TOO_MANY_SYMLINKS: row('Too many levels of symbolic links', 409, 'ELOOP', 'caller'),
  NOT_SUPPORTED: row('Operation not supported', 501, 'ENOTSUP', 'caller'),
  QUOTA_EXCEEDED: row('Disk quota exceeded', 507, 'EDQUOT', 'operator'),
  STALE_HANDLE: row('Stale file handle', 410, 'ESTALE', 'caller'),
  NAME_NOT_UTF8: row('File name is not valid UTF-8', 400, 'EILSEQ', 'caller'),

  // The way to a mirror.
  MIRROR_UNREACHABLE: row('The mirror cannot be reached', 503, 'EIO', 'operator', 'retryable'),
  MIRROR_TIMEOUT: row('The mirror did not answer in time', 504, 'ETIMEDOUT', 'operator', 'retryable'),
  MIRROR_STALE: row('The mirror is not in sync yet', 503, 'EIO', 'nobody', 'retryable'),
  MIRROR_DISABLED: row('The mirror is detached', 409, 'EIO', 'operator'),
  MIRROR_DIVERGED: row('The mirror holds something else than was written to it', 409, 'EIO', 'operator'),
  MIRROR_UNSUITABLE: row('The server lacks what a mirror needs', 422, 'EIO', 'operator'),
  SPACE_LOW: row('The mirror has little space left', 507, 'ENOSPC', 'operator'),
  CLOCK_OFF: row('The clock of the mirror is not that of this machine', 409, 'EIO', 'operator'),
  LOGIN_REFUSED: row('The mirror refused the login', 502, 'EIO', 'operator'),
  HOST_KEY_UNKNOWN: row('The host key of the mirror is not known', 422, 'EIO', 'operator'),
  HOST_KEY_CHANGED: row('The host key of the mirror has changed', 422, 'EIO', 'operator'),
  FOREIGN_REPLICA: row('The mirror belongs to another set', 409, 'EIO', 'operator'),
  MIRROR_HELD: row('Another appliance uses the mirror', 409, 'EIO', 'operator'),
  ROLLED_BACK: row('The mirror is ahead of this appliance', 409, 'EIO', 'operator'),
  LOCAL_UNKNOWN: row('The local directory is not the one it was', 409, 'EIO', 'operator'),
  ALREADY_RUNNING: row('Another Proxyfs serves this directory', 409, 'EIO', 'operator'),
  ADOPTION_NEEDED: row('The mirror holds files of unknown origin', 409, 'EIO', 'operator'),

  CONFIRMATION_NEEDED: row('So much would be removed that it has to be confirmed', 409, 'EIO', 'operator'),

  // The appliance itself.
  // Not EINTR: many programs answer that by trying again, and the operator wants it to end.
  CANCELLED: row('Cancelled by the operator', 409, 'ECANCELED', 'operator'),
  ALREADY_DECIDED: row('It is already decided', 409, 'EIO', 'nobody'),
  SHUTTING_DOWN: row('The appliance is stopping', 503, 'EIO', 'nobody', 'retryable'),
  JOURNAL_FAILED: row('The journal cannot be written', 500, 'EIO', 'operator'),
  JOURNAL_DAMAGED: row('The journal is damaged', 500, 'EIO', 'operator'),
  STATE_NEWER: row('A newer version of Proxyfs has written this', 500, 'EIO', 'operator'),
  HISTORY_INCOMPLETE: row('The history lacks transactions', 500, 'EIO', 'operator'),
  COMMIT_FAILED: row('A decided change could not be carried out locally', 500, 'EIO', 'operator'),
  MOUNT_FAILED: row('The mount point cannot be mounted', 500, 'EIO', 'operator'),
  CONFIG_INVALID: row('The configuration has mistakes', 422, 'EINVAL', 'operator'),
  NAME_TAKEN: row('The name is taken', 409, 'EEXIST', 'caller'),
  CONFIG_CHANGED: row('The configuration file was changed meanwhile', 412, 'EIO', 'caller'),
  PRECONDITION_NEEDED: row('If-Match is needed', 428, 'EINVAL', 'caller'),
  CONFIG_NOT_WRITTEN: row('The configuration file cannot be written', 500, 'EIO', 'operator'),
  UNAUTHORIZED: row('A valid token is needed', 401, 'EACCES', 'caller'),
  SCOPE_MISSING: row('The token is not for this', 403, 'EACCES', 'caller'),
  TOO_MANY_TOKENS: row('There are too many tokens', 409, 'EIO', 'operator'),
  TOKENS_FAILED: row('The file of tokens cannot be read or written', 500, 'EIO', 'operator'),
  TOO_MANY_WEBHOOKS: row('There are too many webhooks', 409, 'EIO', 'operator'),
  WEBHOOKS_FAILED: row('The file of webhooks cannot be read or written', 500, 'EIO', 'operator'),
  WEBHOOK_UNREACHABLE: row(
    'The receiver of a webhook cannot be reached',
    502,
    'EIO',
    'operator',
    'retryable',
  ),
  WEBHOOK_TIMEOUT: row(
    'The receiver of a webhook did not answer in time',
    504,
    'ETIMEDOUT',
    'operator',
    'retryable',
  ),
  WEBHOOK_REFUSED: row('The receiver of a webhook refused it', 502, 'EIO', 'operator', 'retryable'),
  PASSWORD_FAILED: row('The file of the password cannot be read or written', 500, 'EIO', 'operator'),
  TOO_MANY_ATTEMPTS: row('Too many wrong logins from this address', 429, 'EACCES', 'caller', 'retryable'),
  HOST_NOT_ALLOWED: row('The host name is not allowed', 421, 'EACCES', 'operator'),
  FOREIGN_ORIGIN: row('The request comes from another site', 403, 'EACCES', 'caller'),
  APPLIANCE_UNREACHABLE: row('The appliance cannot be reached', 503, 'EIO', 'operator', 'retryable'),
  LISTEN_FAILED: row('The address cannot be listened on', 500, 'EIO', 'operator'),
  IDEMPOTENCY_KEY_REUSED: row('The idempotency key belongs to another request', 422, 'EINVAL', 'caller'),
  IDEMPOTENCY_KEY_BUSY: row(
    'The first request with this key is under way',
    409,
    'EBUSY',
    'nobody',
    'retryable',
  ),
  SECRET_TOLD: row(
    'It was made by the first request with this key, and its secret was told there',
    409,
    'EEXIST',
    'caller',
  ),
  REQUEST_TOO_LARGE: row('The request is too large', 413, 'EINVAL', 'caller'),
  REQUEST_INVALID: row('The request is not valid', 400, 'EINVAL', 'caller'),
  RESOURCE_NOT_FOUND: row('No such resource', 404, 'ENOENT', 'caller'),
  BUG: row('A bug in Proxyfs', 500, 'EIO', 'developer'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
