import { AppError } from '../base/errors.ts';
import type { OperationOf } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { BLOCK_BYTES, diverged, missingIsDivergence } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { PieceWriter } from './piece-writer.ts';
import { lstatOrMissing, setAttributes, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { OPEN, type SftpAttributes, type SftpRefusal, STATUS, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

const OWNER_WRITES = 0o200;

/** Writes all of it or fails; what a failed write left behind is unknown. */
export async function write(replica: ReplicaSession, operation: OperationOf<'write'>): Promise<void> {
  const { path, offset, data } = operation;
  await changeContent(replica, path, data.length, async (handle) => {
    const pieces = new PieceWriter(replica.session, handle);
    await pieces.send(data, offset);
    await pieces.finish();
  });
}

export async function truncate(replica: ReplicaSession, operation: OperationOf<'truncate'>): Promise<void> {
  const { path, sizeBytes } = operation;
  await changeContent(replica, path, BLOCK_BYTES, (handle) =>
    replica.session.fsetstat(handle, { size: sizeBytes }),
  );
}

/** Nothing where the server has no such request: the mirror's guarantee says so. */
export async function fsync(replica: ReplicaSession, path: TreePath): Promise<void> {
  const { session, handles } = replica;
  if (!session.extensions.fsync) return;
  const at = replica.absolute(path);
  try {
    await handles.use(
      path,
      () => openForWriting(session, at),
      (handle) => session.fsync(handle),
    );
  } catch (thrown) {
    throw missingIsDivergence(await explained(session, thrown, { at }), `${at} is missing`);
  }
}

async function changeContent(
  replica: ReplicaSession,
  path: TreePath,
  neededBytes: number,
  change: (handle: Buffer) => Promise<void>,
): Promise<void> {
  const { session } = replica;
  const at = replica.absolute(path);
  try {
    await replica.handles.use(path, () => openForWriting(session, at), change);
  } catch (thrown) {
    const error = await explained(session, thrown, { at, neededBytes });
    throw missingIsDivergence(error, `${at} is missing`);
  }
}

/** Neither makes nor cuts a file, and refuses what a symlink points to, which open would follow. */
async function openForWriting(session: SftpSession, at: string): Promise<Buffer> {
  const [found, opened] = await Promise.all([
    lstatOrMissing(session, at),
    tried(session.open(at, OPEN.WRITE)),
  ]);
  const type = found && typeOf(found);
  if (opened.value && type === 'file') return opened.value;
  if (opened.value) await tried(session.close(opened.value));
  if (!found) throw diverged(`${at} is missing`);
  if (type === 'directory') throw new AppError('IS_A_DIRECTORY', `${at} is a directory on the mirror`);
  if (type !== 'file') throw diverged(`${at} is no regular file`);
  return openProtected(session, at, found, opened.refusal);
}

/** Who made a file read-only may go on writing it through a handle; for a new handle the owner lifts the mode. */
async function openProtected(
  session: SftpSession,
  at: string,
  { mode = 0 }: SftpAttributes,
  refusal: SftpRefusal | undefined,
): Promise<Buffer> {
  const isReadOnlyMode = (mode & OWNER_WRITES) === 0;
  if (refusal?.status !== STATUS.PERMISSION_DENIED || !isReadOnlyMode) {
    throw refusal ?? diverged(`${at} cannot be opened`);
  }
  const permissions = mode & 0o7777;
  await setAttributes(session, at, { mode: permissions | OWNER_WRITES });
  const opened = await tried(session.open(at, OPEN.WRITE));
  await setAttributes(session, at, { mode: permissions });
  if (opened.refusal) throw opened.refusal;
  return opened.value;
}
