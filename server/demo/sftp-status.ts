/** The status codes of SFTP version 3 that a server sends. */
export const STATUS = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

const MESSAGES: Readonly<Record<number, string>> = {
  [STATUS.ok]: 'Success',
  [STATUS.endOfFile]: 'End of file',
  [STATUS.noSuchFile]: 'No such file',
  [STATUS.permissionDenied]: 'Permission denied',
  [STATUS.failure]: 'Failure',
  [STATUS.badMessage]: 'Bad message',
  [STATUS.unsupported]: 'Operation unsupported',
};

/** OpenSSH's table (errno_to_portable): whatever is not listed is the general failure. */
const STATUS_OF_ERRNO: Readonly<Record<string, number>> = {
  ENOENT: STATUS.noSuchFile,
  ENOTDIR: STATUS.noSuchFile,
  EBADF: STATUS.noSuchFile,
  ELOOP: STATUS.noSuchFile,
  EPERM: STATUS.permissionDenied,
  EACCES: STATUS.permissionDenied,
  EFAULT: STATUS.permissionDenied,
  ENAMETOOLONG: STATUS.badMessage,
  EINVAL: STATUS.badMessage,
  ENOSYS: STATUS.unsupported,
};

/** An answer other than success, thrown by a request's handler. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: number;

  constructor(status: number) {
    super(messageOf(status));
    this.status = status;
  }
}

export function messageOf(status: number): string {
  return MESSAGES[status] ?? 'Unknown error';
}

/** What a client is told of whatever a handler threw. */
export function statusOf(thrown: unknown): number {
  if (thrown instanceof StatusError) return thrown.status;
  return STATUS_OF_ERRNO[errnoOf(thrown) ?? ''] ?? STATUS.failure;
}

/** The name of the errno that Node put into an error. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
