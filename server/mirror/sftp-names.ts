import { AppError } from '../base/errors.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { OperationOf, Owner } from '../filesystem/operation.ts';
import { PATH_MAX } from '../filesystem/tree-path.ts';
import type { NewEntry } from './default-attributes.ts';
import { diverged, refusedNewEntry } from './divergence.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, setAttributes, typeOf } from './sftp-attributes.ts';
import { OPEN, type SftpAttributes, STATUS, tried } from './sftp-protocol.ts';

/** A new empty file; its handle is kept, since writes are likely to follow. */
export async function create(
  replica: ReplicaSession,
  operation: OperationOf<'create'>,
  options: ApplyOptions,
): Promise<void> {
  const { path, mode } = operation;
  const { session, handles } = replica;
  const at = replica.absolute(path);
  const attributes = await newAttributes(replica, operation);
  handles.forget(path);
  if (options.repeated && (await alreadyMade(replica, at, attributes, isEmptyFile))) return;
  const open = () =>
    madeWith(replica, { kind: 'file', path }, attributes, {
      make: () => session.open(at, OPEN.WRITE | OPEN.CREAT | OPEN.EXCL, mode & 0o777),
      unmake: async (handle) => {
        await Promise.all([session.close(handle), session.remove(at)]);
      },
    });
  try {
    await handles.use(path, open, () => Promise.resolve());
  } catch (thrown) {
    throw await refusedNewEntry(replica, at, thrown);
  }
}

export async function mkdir(
  replica: ReplicaSession,
  operation: OperationOf<'mkdir'>,
  options: ApplyOptions,
): Promise<void> {
  const { session } = replica;
  const at = replica.absolute(operation.path);
  const attributes = await newAttributes(replica, operation);
  const isDirectory = (found: SftpAttributes) => typeOf(found) === 'directory';
  try {
    await madeWith(replica, { kind: 'directory', path: operation.path }, attributes, {
      make: () => session.mkdir(at, operation.mode & 0o777),
      unmake: () => session.rmdir(at),
    });
  } catch (thrown) {
    // Looked at only now: most that catching up makes is not there.
    if (options.repeated && (await alreadyMade(replica, at, attributes, isDirectory))) return;
    throw await refusedNewEntry(replica, at, thrown);
  }
}

export async function symlink(
  replica: ReplicaSession,
  operation: OperationOf<'symlink'>,
  options: ApplyOptions,
): Promise<void> {
  const { path, target } = operation;
  const { session } = replica;
  const at = replica.absolute(path);
  checkTarget(target);
  const attributes = await ownerOf(replica, operation.owner);
  if (options.repeated && (await isLinkTo(replica, at, target))) return;
  try {
    const [, written] = await Promise.all([
      madeWith(replica, { kind: 'symlink', path }, attributes, {
        make: () => session.symlink(target, at),
        unmake: () => session.remove(at),
      }),
      tried(session.readlink(at)),
    ]);
    // Some servers take the two arguments the other way round: then nothing, or something else, is here.
    const isSwapped = written.refusal
      ? written.refusal.status === STATUS.NO_SUCH_FILE
      : written.value !== target;
    if (isSwapped) throw diverged(`the symlink ${at} does not say what it should`);
  } catch (thrown) {
    throw await refusedNewEntry(replica, at, thrown);
  }
}

/**
 * Makes an entry and sees to its attributes in the same train of requests; the server's umask must not decide. What is known
 * to come out right is left at that.
 */
async function madeWith<T>(
  replica: ReplicaSession,
  entry: Pick<NewEntry, 'kind' | 'path'>,
  attributes: readonly SftpAttributes[],
  { make, unmake }: { make: () => Promise<T>; unmake: (made: T) => Promise<void> },
): Promise<T> {
  const { session, defaults } = replica;
  const at = replica.absolute(entry.path);
  const [wanted, ...more] = attributes;
  const learnt = wanted && more.length === 0 ? { ...entry, wanted } : undefined;
  if (learnt && defaults.areRight(learnt)) return make();
  const making = tried(make());
  const looking = learnt && tried(session.lstat(at));
  // Only the kind that follows no symlink may be sent before the answer: something else may stand there.
  const inTrain = session.extensions.lsetstat ? attributes : [];
  const setting = inTrain.map((set) => tried(session.lsetstat(at, set)));
  const [made, found, ...sets] = await Promise.all([making, looking, ...setting]);
  if (made.refusal) throw made.refusal;
  if (learnt && found?.value) defaults.learn(learnt, found.value);
  try {
    for (const [index, set] of attributes.entries()) {
      if (sets[index] === undefined || sets[index].refusal) await setAttributes(session, at, set);
    }
  } catch (thrown) {
    await tried(unmake(made.value));
    throw thrown;
  }
  return made.value;
}

/** What an earlier attempt may have made and left without its attributes. */
async function alreadyMade(
  replica: ReplicaSession,
  at: string,
  attributes: readonly SftpAttributes[],
  isWanted: (found: SftpAttributes) => boolean,
): Promise<boolean> {
  const found = await lstatOrMissing(replica.session, at);
  if (!found) return false;
  if (!isWanted(found)) throw diverged(`something else stands at ${at}`);
  for (const set of attributes) await setAttributes(replica.session, at, set);
  return true;
}

async function isLinkTo(replica: ReplicaSession, at: string, target: string): Promise<boolean> {
  const found = await lstatOrMissing(replica.session, at);
  if (!found) return false;
  const told = typeOf(found) === 'symlink' ? await tried(replica.session.readlink(at)) : undefined;
  if (told?.value !== target) throw diverged(`something else stands at ${at}`);
  return true;
}

/**
 * Mode and owner in one request. OpenSSH works off the mode first, and changing the owner clears the setuid bits, so
 * those need a second one.
 */
async function newAttributes(
  replica: ReplicaSession,
  { mode, owner }: { mode: number; owner?: Owner },
): Promise<SftpAttributes[]> {
  const owners = await ownerOf(replica, owner);
  if ((mode & 0o7000) !== 0) return [...owners, { mode }];
  return [{ ...owners[0], mode }];
}

async function ownerOf(replica: ReplicaSession, owner: Owner | undefined): Promise<SftpAttributes[]> {
  const there = owner && (await replica.ownerThere(owner));
  return there ? [there] : [];
}

function isEmptyFile(found: SftpAttributes): boolean {
  return typeOf(found) === 'file' && found.size === 0;
}

/** A NUL inside would end the session at the server. */
function checkTarget(target: string): void {
  if (target === '' || target.includes('\0'))
    throw new AppError('INVALID_ARGUMENT', 'no target of a symlink');
  if (!target.isWellFormed()) throw new AppError('NAME_NOT_UTF8');
  if (Buffer.byteLength(target) > PATH_MAX) throw new AppError('NAME_TOO_LONG');
}
