import { AppError } from '../base/errors.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { OperationOf } from '../filesystem/operation.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { diverged } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { isRefusal, STATUS, tried } from './sftp-protocol.ts';

type Removal = 'removed' | 'missing';

/** Removes a file or symlink, or moves it aside where it is to be kept. */
export async function unlink(
  replica: ReplicaSession,
  { path }: OperationOf<'unlink'>,
  { repeated = false, preImage }: ApplyOptions,
): Promise<void> {
  const at = replica.absolute(path);
  replica.handles.forget(path);
  const outcome =
    preImage === undefined ? await remove(replica, at) : await removeKeeping(replica, at, preImage);
  replica.handles.forget(path);
  if (outcome === 'missing' && !repeated) throw diverged(`${at} is missing`);
}

/** Removes an empty directory. */
export async function rmdir(
  replica: ReplicaSession,
  { path }: OperationOf<'rmdir'>,
  { repeated = false }: ApplyOptions,
): Promise<void> {
  const { session } = replica;
  const at = replica.absolute(path);
  try {
    await session.rmdir(at);
  } catch (thrown) {
    const found = isRefusal(thrown) ? await lstatOrMissing(session, at) : undefined;
    if (isRefusal(thrown, STATUS.NO_SUCH_FILE, STATUS.FAILURE) && !found) {
      if (repeated) return;
      throw diverged(`${at} is missing`, thrown);
    }
    const otherwise = (): Promise<ErrorCode | undefined> =>
      Promise.resolve(found && typeOf(found) !== 'directory' ? 'NOT_A_DIRECTORY' : undefined);
    const error = await explained(session, thrown, { at, otherwise });
    if (error.code !== 'INPUT_OUTPUT') throw error;
    throw new AppError('NOT_EMPTY', `${at} is not empty`, { cause: error });
  }
}

async function remove(replica: ReplicaSession, at: string): Promise<Removal> {
  const { session } = replica;
  try {
    await session.remove(at);
    return 'removed';
  } catch (thrown) {
    if (isRefusal(thrown, STATUS.NO_SUCH_FILE)) return 'missing';
    const otherwise = async () => {
      const found = await lstatOrMissing(session, at);
      return found && typeOf(found) === 'directory' ? ('IS_A_DIRECTORY' as const) : undefined;
    };
    throw await explained(session, thrown, { at, otherwise });
  }
}

/** One train: look and move aside. A directory would be moved as well, and is then moved back. */
async function removeKeeping(replica: ReplicaSession, at: string, name: string): Promise<Removal> {
  const { session, reserved } = replica;
  const aside = reserved.preImage(name);
  await reserved.make();
  const moveAside = () => Promise.all([lstatOrMissing(session, at), tried(session.rename(at, aside))]);
  let [found, moved] = await moveAside();
  if (found && isRefusal(moved.refusal, STATUS.NO_SUCH_FILE)) {
    await reserved.remake();
    [found, moved] = await moveAside();
  }
  if (found && typeOf(found) === 'directory') {
    if (!moved.refusal) await session.rename(aside, at);
    throw new AppError('IS_A_DIRECTORY', `${at} is a directory on the mirror`);
  }
  if (!moved.refusal) return 'removed';
  // It can't be kept, on another file system for example; the local tree has the content too.
  return found ? remove(replica, at) : 'missing';
}
