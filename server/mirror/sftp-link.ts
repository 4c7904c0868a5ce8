import { AppError } from '../base/errors.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { OperationOf } from '../filesystem/operation.ts';
import { diverged, refusedNewEntry } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { isRefusal, type SftpAttributes, type SftpRefusal, STATUS, tried } from './sftp-protocol.ts';

/** A second name for a file. SFTP tells no inodes: size and time must do to recognise an earlier attempt. */
export async function link(
  replica: ReplicaSession,
  operation: OperationOf<'link'>,
  options: ApplyOptions,
): Promise<void> {
  const { session, handles } = replica;
  const existing = replica.absolute(operation.path);
  const at = replica.absolute(operation.to);
  handles.forget(operation.to);
  if (options.repeated && (await isLinked(replica, existing, at))) return;
  const [source, linked, result] = await Promise.all([
    lstatOrMissing(session, existing),
    tried(session.hardlink(existing, at)),
    lstatOrMissing(session, at),
  ]);
  if (linked.refusal) throw await refusedLink(replica, { source, existing, at, refusal: linked.refusal });
  if (source && result && typeOf(source) === typeOf(result)) return;
  // Some systems link what a symlink points to.
  await tried(session.remove(at));
  throw new AppError('NOT_SUPPORTED', `the server cannot make a hard link to a symlink: ${existing}`);
}

async function isLinked(replica: ReplicaSession, existing: string, at: string): Promise<boolean> {
  const { session } = replica;
  const [source, result] = await Promise.all([
    lstatOrMissing(session, existing),
    lstatOrMissing(session, at),
  ]);
  if (!result) return false;
  if (!source || !looksTheSame(source, result)) throw diverged(`something else stands at ${at}`);
  return true;
}

function looksTheSame(one: SftpAttributes, other: SftpAttributes): boolean {
  return one.mode === other.mode && one.size === other.size && one.mtime === other.mtime;
}

async function refusedLink(
  replica: ReplicaSession,
  link: { source: SftpAttributes | undefined; existing: string; at: string; refusal: SftpRefusal },
): Promise<AppError> {
  const { source, existing, at, refusal } = link;
  if (isRefusal(refusal, STATUS.OP_UNSUPPORTED)) return new AppError('NOT_SUPPORTED', refusal.message);
  if (!source) return diverged(`${existing} is missing`, refusal);
  if (typeOf(source) === 'directory') return new AppError('NOT_PERMITTED', `${existing} is a directory`);
  return refusedNewEntry(replica, at, refusal);
}
