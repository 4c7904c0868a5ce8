/** Status numbers of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7). */
export const STATUS = {
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  NO_CONNECTION: 6,
  CONNECTION_LOST: 7,
  OP_UNSUPPORTED: 8,
} as const;

/** Flags of an open request (section 6.3). */
export const OPEN = { READ: 0x01, WRITE: 0x02, CREAT: 0x08, EXCL: 0x20 } as const;

/** A request that the server answered with a status other than "done". */
export class SftpRefusal extends Error {
  readonly request: string;
  readonly status: number;

  constructor(request: string, status: number, message: string) {
    super(`${request}: ${message.slice(0, 200)} (status ${status})`);
    this.request = request;
    this.status = status;
  }
}

/** Whether a request was refused with one of these; all refusals where none is named. */
export function isRefusal(thrown: unknown, ...statuses: number[]): thrown is SftpRefusal {
  if (!(thrown instanceof SftpRefusal)) return false;
  return statuses.length === 0 || statuses.includes(thrown.status);
}

/** Attributes as SFTP carries them; a server may leave any of them out. */
export interface SftpAttributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly atime?: number;
  readonly mtime?: number;
}

export interface SftpEntry {
  readonly filename: string;
  readonly longname?: string;
  readonly attrs: SftpAttributes;
}

/** The answer to statvfs@openssh.com. */
export interface SftpSpace {
  readonly f_frsize: number;
  readonly f_blocks: number;
  readonly f_bavail: number;
  readonly f_files: number;
  readonly f_ffree: number;
  readonly f_favail: number;
  readonly f_flag: number;
  readonly f_namemax: number;
}

/** The extensions that a server announced and ssh2 can speak. */
export interface Extensions {
  readonly posixRename: boolean;
  readonly hardlink: boolean;
  readonly fsync: boolean;
  readonly lsetstat: boolean;
  readonly statvfs: boolean;
}

/** What became of one request of a train. */
export type Tried<T> =
  | { readonly refusal?: undefined; readonly value: T }
  | { readonly refusal: SftpRefusal; readonly value?: undefined };

/** Takes a refusal as an outcome, so that requests sent together can be judged together; all else is thrown. */
export async function tried<T>(request: Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await request };
  } catch (thrown) {
    if (isRefusal(thrown)) return { refusal: thrown };
    throw thrown;
  }
}

/** Which of the extensions that are used here a server has, by what it announced. */
export function announced(extensions: Readonly<Record<string, string>> = {}): Extensions {
  return {
    posixRename: extensions['posix-rename@openssh.com'] === '1',
    hardlink: extensions['hardlink@openssh.com'] === '1',
    fsync: extensions['fsync@openssh.com'] === '1',
    lsetstat: extensions['lsetstat@openssh.com'] === '1',
    statvfs: extensions['statvfs@openssh.com'] === '2',
  };
}
