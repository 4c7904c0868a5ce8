import { AppError } from '../base/errors.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { Operation, OperationOf } from '../filesystem/operation.ts';
import type { OperationKind } from '../../shared/states.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { missingIsDivergence } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { setAttributes, toSftpTimes } from './sftp-attributes.ts';
import { fsync, truncate, write } from './sftp-content.ts';
import { explained } from './sftp-errors.ts';
import { link } from './sftp-link.ts';
import { create, mkdir, symlink } from './sftp-names.ts';
import { isRefusal, type SftpAttributes, STATUS } from './sftp-protocol.ts';
import { rmdir, unlink } from './sftp-removal.ts';
import { rename } from './sftp-rename.ts';

/** Those after which a directory may be another one, or treat what is made in it differently. */
const CHANGE_DIRECTORIES: ReadonlySet<OperationKind> = new Set(['chmod', 'chown', 'rmdir', 'rename']);

/** Carries one operation out on a mirror. */
export async function applyOperation(
  replica: ReplicaSession,
  operation: Operation,
  options: ApplyOptions,
): Promise<void> {
  refuseTheRoot(operation);
  if (!CHANGE_DIRECTORIES.has(operation.kind)) return carryOut(replica, operation, options);
  const forget = () => {
    replica.defaults.forget(operation.path);
    if ('to' in operation) replica.defaults.forget(operation.to);
  };
  // RACE: before, for what is made behind it in the queue; and after, for what was looked at before it.
  forget();
  try {
    await carryOut(replica, operation, options);
  } finally {
    forget();
  }
}

function carryOut(replica: ReplicaSession, operation: Operation, options: ApplyOptions): Promise<void> {
  switch (operation.kind) {
    case 'create':
      return create(replica, operation, options);
    case 'write':
      return write(replica, operation);
    case 'truncate':
      return truncate(replica, operation);
    case 'mkdir':
      return mkdir(replica, operation, options);
    case 'unlink':
      return unlink(replica, operation, options);
    case 'rmdir':
      return rmdir(replica, operation, options);
    case 'rename':
      return rename(replica, operation, options);
    case 'link':
      return link(replica, operation, options);
    case 'symlink':
      return symlink(replica, operation, options);
    case 'chmod':
      return change(replica, operation.path, { mode: operation.mode });
    case 'chown':
      return chown(replica, operation);
    case 'times':
      return change(replica, operation.path, toSftpTimes(operation));
    case 'fsync':
      return fsync(replica, operation.path);
  }
}

async function chown(replica: ReplicaSession, operation: OperationOf<'chown'>): Promise<void> {
  const owner = await replica.ownerThere(operation);
  if (owner) await change(replica, operation.path, owner);
}

async function change(replica: ReplicaSession, path: TreePath, attributes: SftpAttributes): Promise<void> {
  const at = replica.absolute(path);
  try {
    await setAttributes(replica.session, at, attributes);
  } catch (thrown) {
    const error = await explained(replica.session, thrown, { at });
    const isChown = attributes.uid !== undefined && isRefusal(thrown, STATUS.PERMISSION_DENIED);
    if (isChown && error.code === 'ACCESS_DENIED') {
      throw new AppError('NOT_PERMITTED', `the login may not set owners: ${at}`, { cause: error });
    }
    throw missingIsDivergence(error, `${at} is missing`);
  }
}

/** The mirror's directory itself is the operator's: it is neither made, removed nor renamed. */
function refuseTheRoot(operation: Operation): void {
  const isNamed = operation.path === ROOT || ('to' in operation && operation.to === ROOT);
  if (!isNamed) return;
  if (operation.kind === 'chmod' || operation.kind === 'chown' || operation.kind === 'times') return;
  if (operation.kind === 'write' || operation.kind === 'truncate' || operation.kind === 'fsync') return;
  throw new AppError('BUSY', 'the root of a mirror is neither made, removed nor renamed');
}
