import { AppError, asAppError } from '../base/errors.ts';
import { PATH_MAX } from '../filesystem/tree-path.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { isRefusal, type SftpRefusal, type SftpSpace, STATUS } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

/** ST_RDONLY of statvfs@openssh.com (OpenSSH's PROTOCOL, section 4.4). */
const READ_ONLY_FLAG = 1;

/** What a refused request was about, so that an ambiguous status can be made precise. */
export interface RequestContext {
  /** On the server. */
  readonly at: string;
  /** For requests that need space: how much they were to add. */
  readonly neededBytes?: number;
  /** What to say when neither space nor a read-only file system explains a failure. */
  readonly otherwise?: () => Promise<ErrorCode | undefined>;
}

/** Translates a server's refusal into the one catalogue; errors that are translated already stay. */
export async function explained(
  session: SftpSession,
  thrown: unknown,
  context: RequestContext,
): Promise<AppError> {
  if (!isRefusal(thrown)) return asAppError(thrown);
  return asError(await codeOf(session, thrown, context), thrown);
}

function asError(code: ErrorCode, refusal: SftpRefusal): AppError {
  const details = { request: refusal.request, status: refusal.status };
  return new AppError(code, `${new AppError(code).message}: ${refusal.message}`, { cause: refusal, details });
}

async function codeOf(
  session: SftpSession,
  refusal: SftpRefusal,
  context: RequestContext,
): Promise<ErrorCode> {
  switch (refusal.status) {
    case STATUS.NO_SUCH_FILE:
      return (await context.otherwise?.()) ?? 'NOT_FOUND';
    case STATUS.OP_UNSUPPORTED:
      return 'NOT_SUPPORTED';
    case STATUS.PERMISSION_DENIED: {
      const [space, other] = await Promise.all([spaceAround(session, context.at), context.otherwise?.()]);
      return isReadOnly(space) ? 'READ_ONLY' : (other ?? 'ACCESS_DENIED');
    }
    case STATUS.BAD_MESSAGE:
      // OpenSSH says this for both EINVAL and ENAMETOOLONG.
      return isTooLong(context.at, await spaceAround(session, context.at))
        ? 'NAME_TOO_LONG'
        : 'INVALID_ARGUMENT';
    case STATUS.FAILURE:
      return codeOfFailure(session, context);
    default:
      return 'INPUT_OUTPUT';
  }
}

/** The general failure stands for ENOSPC, EDQUOT, EROFS, EEXIST, ENOTEMPTY, EISDIR, EXDEV, EIO and more. */
async function codeOfFailure(session: SftpSession, context: RequestContext): Promise<ErrorCode> {
  const [space, other] = await Promise.all([spaceAround(session, context.at), context.otherwise?.()]);
  if (isReadOnly(space)) return 'READ_ONLY';
  if (other) return other;
  if (context.neededBytes === undefined) return 'INPUT_OUTPUT';
  if (isFull(space, context.neededBytes)) return 'NO_SPACE';
  // There is room, yet not for us: with SFTP 3 a quota can be told apart by nothing else.
  return 'QUOTA_EXCEEDED';
}

/** Of the directory around it, since the entry itself may not exist; undefined where it can't be learnt. */
async function spaceAround(session: SftpSession, at: string): Promise<SftpSpace | undefined> {
  if (!session.extensions.statvfs) return undefined;
  for (let directory = parentOf(at); ; directory = parentOf(directory)) {
    try {
      return await session.statvfs(directory);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      if (directory === '/') return undefined;
    }
  }
}

function isReadOnly(space: SftpSpace | undefined): boolean {
  return space !== undefined && (space.f_flag & READ_ONLY_FLAG) !== 0;
}

function isFull(space: SftpSpace | undefined, neededBytes: number): boolean {
  if (!space) return false;
  if (space.f_files > 0 && (space.f_ffree === 0 || space.f_favail === 0)) return true;
  return space.f_bavail * space.f_frsize < Math.max(neededBytes, space.f_frsize);
}

function isTooLong(at: string, space: SftpSpace | undefined): boolean {
  if (Buffer.byteLength(at) > PATH_MAX) return true;
  const name = at.slice(at.lastIndexOf('/') + 1);
  return space !== undefined && space.f_namemax > 0 && Buffer.byteLength(name) > space.f_namemax;
}

function parentOf(at: string): string {
  return at.slice(0, Math.max(1, at.lastIndexOf('/')));
}
