import { AppError } from '../base/errors.ts';
import type { FileSource, FileStat } from '../filesystem/file-tree.ts';
import type { Owner } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import { BLOCK_BYTES } from './divergence.ts';
import { PieceWriter } from './piece-writer.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, toSftpTimes, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { isRefusal, type SftpRefusal, STATUS, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

/** Up to here nothing is cut or damaged by any server, and a piece that was acknowledged is whole. */
const SAFE_PIECE_BYTES = 32 * 1024;

/** Streams into a staged file, checks its size, and renames it into place. */
export async function replaceFile(
  replica: ReplicaSession,
  path: TreePath,
  source: FileSource,
): Promise<void> {
  const { session, handles } = replica;
  const at = replica.absolute(path);
  const owner = await replica.ownerThere(source.stat);
  if (source.isOneOfMany && (await replacedInBulk(replica, path, { source, owner }))) return;
  await staging(replica, { at, neededBytes: source.stat.sizeBytes }, async (staged) => {
    const pieces = new PieceWriter(session, staged.handle);
    const sizeBytes = await sent(pieces, source.content);
    // The server works them off in order, so none waits for the answer to another.
    const [, , found] = await Promise.all([
      pieces.finish(),
      describe(session, staged.handle, source.stat, owner),
      sizeBytes > SAFE_PIECE_BYTES ? session.fstat(staged.handle) : undefined,
      staged.close(),
    ]);
    if (found && found.size !== sizeBytes) {
      throw new AppError('INPUT_OUTPUT', `${at}: ${sizeBytes} bytes were sent, ${found.size} arrived`);
    }
    handles.forget(path);
    await session.rename(staged.at, at);
    handles.forget(path);
  });
}

/** False where it is to be sent by itself, and nothing has happened yet. */
async function replacedInBulk(
  replica: ReplicaSession,
  path: TreePath,
  { source, owner }: { source: FileSource; owner: Owner | undefined },
): Promise<boolean> {
  const { session, handles, reserved, bulk } = replica;
  if (!Array.isArray(source.content) || source.content.length !== 1) return false;
  const [content] = source.content as [Buffer];
  await reserved.make();
  const staged = await bulk.stage({ content, stat: source.stat, owner });
  if (staged === undefined) return false;
  const at = replica.absolute(path);
  handles.forget(path);
  const renamed = await tried(session.rename(staged, at));
  handles.forget(path);
  if (!renamed.refusal) return true;
  const error = await refusedReplacement(session, at, renamed.refusal, content.length);
  await tried(session.remove(staged));
  throw error;
}

/** Links under a staged name, and renames that into place. */
export async function replaceWithLink(
  replica: ReplicaSession,
  path: TreePath,
  existing: TreePath,
): Promise<void> {
  const { session, handles, reserved } = replica;
  const at = replica.absolute(path);
  const from = replica.absolute(existing);
  await reserved.make();
  let staged = reserved.newStaged();
  let linked = await linkStaged(session, from, staged);
  if (isRefusal(linked, STATUS.NO_SUCH_FILE) && (await lstatOrMissing(session, from))) {
    await reserved.remake();
    staged = reserved.newStaged();
    linked = await linkStaged(session, from, staged);
  }
  if (linked) throw await explained(session, linked, { at: from, neededBytes: BLOCK_BYTES });
  handles.forget(path);
  // rename(2) leaves both names where they are one file already.
  const [renamed] = await Promise.all([tried(session.rename(staged, at)), tried(session.remove(staged))]);
  handles.forget(path);
  if (renamed.refusal) throw await refusedReplacement(session, at, renamed.refusal, BLOCK_BYTES);
}

/** Answers why the server refuses. Some systems link what a symlink points to: that is refused here. */
async function linkStaged(
  session: SftpSession,
  from: string,
  staged: string,
): Promise<SftpRefusal | undefined> {
  const [linked, source, result] = await Promise.all([
    tried(session.hardlink(from, staged)),
    lstatOrMissing(session, from),
    lstatOrMissing(session, staged),
  ]);
  if (linked.refusal) return linked.refusal;
  if (source && result && typeOf(source) === typeOf(result)) return undefined;
  await tried(session.remove(staged));
  throw new AppError('NOT_SUPPORTED', `the server cannot make a hard link to a symlink: ${from}`);
}

/** Writes a small file of the reserved directory through a staged one; durable where the server can. In place once it is `allowed`. */
export async function writeReserved(
  replica: ReplicaSession,
  { name, content, allowed }: { name: string; content: Buffer; allowed?: Promise<unknown> | undefined },
): Promise<void> {
  const { session, reserved } = replica;
  const at = reserved.file(name);
  // Heard when it is staged.
  allowed?.catch(() => {});
  await staging(replica, { at, neededBytes: content.length }, async (staged) => {
    const pieces = new PieceWriter(session, staged.handle);
    await pieces.send(content, 0);
    // The server works them off in order.
    const flushed = session.extensions.fsync ? session.fsync(staged.handle) : undefined;
    await Promise.all([pieces.finish(), flushed, staged.close()]);
    await allowed;
    await session.rename(staged.at, at);
  });
}

/**
 * A file under a staged name. Closed once and never again: servers give handles out anew, and a second
 * close would hit somebody else's file.
 */
class StagedFile {
  readonly at: string;
  readonly handle: Buffer;
  readonly #session: SftpSession;
  #closing: Promise<void> | undefined;

  constructor(session: SftpSession, at: string, handle: Buffer) {
    this.#session = session;
    this.at = at;
    this.handle = handle;
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = this.#session.close(this.handle);
      // The place is free at once: the server works requests off in order, so a later open finds it closed.
      this.#session.stagedFiles.give();
    }
    return this.#closing;
  }

  /** Closed as well as removed: a removed file takes up room while it is open. */
  async discard(): Promise<void> {
    await Promise.all([tried(this.close()), tried(this.#session.remove(this.at))]);
  }
}

/** Opens a staged file for `work`; whatever fails, nothing of it is left. */
async function staging(
  replica: ReplicaSession,
  { at, neededBytes }: { at: string; neededBytes: number },
  work: (staged: StagedFile) => Promise<void>,
): Promise<void> {
  const { session } = replica;
  let staged: StagedFile | undefined;
  try {
    staged = await openStaged(replica);
    await work(staged);
  } catch (thrown) {
    // Explained before the cleaning, which makes room on a full disk.
    const error = await refusedReplacement(session, at, thrown, neededBytes);
    await staged?.discard().catch(() => {});
    throw error;
  }
}

async function openStaged({ session, reserved }: ReplicaSession): Promise<StagedFile> {
  await session.stagedFiles.take();
  try {
    const at = reserved.newStaged();
    const opened = await reserved.openNew(at);
    if (opened.refusal) throw opened.refusal;
    return new StagedFile(session, at, opened.value);
  } catch (thrown) {
    session.stagedFiles.give();
    throw thrown;
  }
}

/** How much it was, when all of it has left. */
async function sent(pieces: PieceWriter, content: FileSource['content']): Promise<number> {
  let sizeBytes = 0;
  try {
    for await (const data of content) {
      await pieces.send(data, sizeBytes);
      sizeBytes += data.length;
    }
    return sizeBytes;
  } catch (thrown) {
    // Nothing may still be under way when the staged file is removed.
    await pieces.finish().catch(() => {});
    throw thrown;
  }
}

/** One request where that will do: changing the owner clears setuid bits, and servers work it off after the mode. */
async function describe(
  session: SftpSession,
  handle: Buffer,
  stat: FileStat,
  owner: Owner | undefined,
): Promise<void> {
  const others = { mode: stat.mode, ...toSftpTimes(stat) };
  const isApart = owner && (stat.mode & 0o7000) !== 0;
  const sets = isApart ? [owner, others] : [{ ...owner, ...others }];
  await Promise.all(sets.map((set) => session.fsetstat(handle, set)));
}

async function refusedReplacement(
  session: SftpSession,
  at: string,
  thrown: unknown,
  neededBytes: number,
): Promise<AppError> {
  const otherwise = async () => {
    const found = await lstatOrMissing(session, at);
    return found && typeOf(found) === 'directory' ? ('IS_A_DIRECTORY' as const) : undefined;
  };
  return explained(session, thrown, { at, neededBytes, otherwise });
}
