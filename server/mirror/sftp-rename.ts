import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { OperationOf } from '../filesystem/operation.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { BLOCK_BYTES, diverged, missingIsDivergence } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { STATUS, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

/** rename(2). What is replaced is kept by a further link first, so `to` is never missing for readers. */
export async function rename(
  replica: ReplicaSession,
  operation: OperationOf<'rename'>,
  { repeated = false, preImage }: ApplyOptions,
): Promise<void> {
  const { session, handles, reserved } = replica;
  const from = replica.absolute(operation.path);
  const to = replica.absolute(operation.to);
  // Before anything is kept: after an unheard success the entry at `to` is the new one.
  if (repeated && (await isRenamed(session, from, to))) return;
  const forget = () => {
    handles.forget(operation.path);
    handles.forget(operation.to);
  };
  const keep = preImage !== undefined && session.extensions.hardlink && from !== to;
  if (keep) await reserved.make();
  forget();
  const keeping = keep ? tried(session.hardlink(to, reserved.preImage(preImage))) : undefined;
  const [renamed] = await Promise.all([tried(session.rename(from, to)), keeping]);
  forget();
  if (!renamed.refusal) return;
  if (keep) await tried(session.remove(reserved.preImage(preImage)));
  const isForbidden = renamed.refusal.status === STATUS.PERMISSION_DENIED;
  const otherwise = () => (isForbidden ? Promise.resolve(undefined) : conflict(session, from, to));
  const error = await explained(session, renamed.refusal, { at: to, neededBytes: BLOCK_BYTES, otherwise });
  throw missingIsDivergence(error, `${from} or the directory of ${to} is missing`);
}

async function isRenamed(session: SftpSession, from: string, to: string): Promise<boolean> {
  const [source, result] = await Promise.all([lstatOrMissing(session, from), lstatOrMissing(session, to)]);
  if (source) return false;
  if (!result) throw diverged(`neither ${from} nor ${to} is there`);
  return true;
}

/** What stands in the way, in the order in which rename(2) looks. */
async function conflict(session: SftpSession, from: string, to: string): Promise<ErrorCode | undefined> {
  const [source, target] = await Promise.all([lstatOrMissing(session, from), lstatOrMissing(session, to)]);
  if (!source || !target) return undefined;
  const [isDirectory, ontoDirectory] = [typeOf(source) === 'directory', typeOf(target) === 'directory'];
  if (isDirectory && !ontoDirectory) return 'NOT_A_DIRECTORY';
  if (!isDirectory && ontoDirectory) return 'IS_A_DIRECTORY';
  return isDirectory ? 'NOT_EMPTY' : undefined;
}
