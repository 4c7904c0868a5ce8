import { AppError } from '../base/errors.ts';
import type { DirectoryEntry, FileType } from '../filesystem/file-tree.ts';
import { RESERVED_NAME, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { OPEN, type SftpEntry, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { fill } from './small-file.ts';

/** What one call of `read` may ask for. */
const LARGEST_READ_BYTES = 4 * 1024 * 1024;
const PAGE_ENTRIES = 500;
/** A server that answers "nothing yet" more often than this in a row never ends. */
const EMPTY_PAGES = 100;

export async function read(
  replica: ReplicaSession,
  path: TreePath,
  offset: number,
  lengthBytes: number,
): Promise<Buffer> {
  const { session } = replica;
  const wantedBytes = Math.min(lengthBytes, LARGEST_READ_BYTES);
  return withFile(replica, path, (handle) => readPieces(session, handle, offset, wantedBytes));
}

/** undefined where the server can't do it. */
export async function hash(
  replica: ReplicaSession,
  path: TreePath,
  range: { readonly offset: number; readonly lengthBytes: number },
): Promise<string | undefined> {
  const at = replica.absolute(path);
  const found = await lstatOrMissing(replica.session, at);
  const refusal = refusalOf(found && typeOf(found), at);
  if (refusal) throw refusal;
  return replica.tools.hash(at, range);
}

/** The pages that the server sends, cut to a bounded size; what it says of names is checked. */
export async function* list(
  replica: ReplicaSession,
  path: TreePath,
): AsyncGenerator<readonly DirectoryEntry[], void, undefined> {
  const { session } = replica;
  const at = replica.absolute(path);
  const handle = await openDirectory(session, at);
  try {
    let emptyPages = 0;
    for await (const page of pagesOf(session, handle)) {
      emptyPages = page.length === 0 ? emptyPages + 1 : 0;
      if (emptyPages > EMPTY_PAGES) throw new AppError('INPUT_OUTPUT', `the listing of ${at} never ends`);
      const entries = await entriesOf(replica, at, visible(page, path));
      for (let start = 0; start < entries.length; start += PAGE_ENTRIES) {
        yield entries.slice(start, start + PAGE_ENTRIES);
      }
    }
  } catch (thrown) {
    throw await explained(session, thrown, { at });
  } finally {
    tried(session.close(handle)).catch(() => {});
  }
}

/** Two are asked for at a time: that there is no more takes as long to hear as all that there is. */
export async function* pagesOf(
  session: SftpSession,
  handle: Buffer,
): AsyncGenerator<readonly SftpEntry[], void, undefined> {
  const ask = () => {
    const page = session.readdir(handle);
    // Whoever lists may have seen enough.
    page.catch(() => {});
    return page;
  };
  let [next, afterwards] = [ask(), ask()];
  for (let page = await next; page; page = await next) {
    [next, afterwards] = [afterwards, ask()];
    yield page;
  }
}

/** Short only at the end of the file. */
export async function readPieces(
  session: SftpSession,
  handle: Buffer,
  offset: number,
  lengthBytes: number,
): Promise<Buffer> {
  const target = Buffer.allocUnsafe(lengthBytes);
  const pieceBytes = session.readPieceBytes;
  const pieces: Promise<number>[] = [];
  for (let start = 0; start < lengthBytes; start += pieceBytes) {
    pieces.push(readFully(session, handle, target.subarray(start, start + pieceBytes), offset + start));
  }
  let filledBytes = 0;
  // All are waited for, so that none is under way when the caller closes the handle, whatever fails.
  await Promise.allSettled(pieces);
  for (const count of await Promise.all(pieces)) {
    filledBytes += count;
    if (count < pieceBytes) break;
  }
  return target.subarray(0, filledBytes);
}

async function readFully(
  session: SftpSession,
  handle: Buffer,
  target: Buffer,
  offset: number,
): Promise<number> {
  await session.bytes.take(target.length);
  const sentAtMs = performance.now();
  try {
    return await fill(session, handle, target, offset);
  } finally {
    session.bytes.give(target.length, performance.now() - sentAtMs);
  }
}

async function withFile<T>(
  replica: ReplicaSession,
  path: TreePath,
  work: (handle: Buffer) => Promise<T>,
): Promise<T> {
  const { session } = replica;
  const at = replica.absolute(path);
  try {
    const handle = await openForReading(session, at);
    try {
      return await work(handle);
    } finally {
      await tried(session.close(handle)).catch(() => {});
    }
  } catch (thrown) {
    throw await explained(session, thrown, { at });
  }
}

/** Open would follow a symlink, and servers open directories too. */
async function openForReading(session: SftpSession, at: string): Promise<Buffer> {
  const [found, opened] = await Promise.all([
    lstatOrMissing(session, at),
    tried(session.open(at, OPEN.READ)),
  ]);
  const type = found && typeOf(found);
  if (opened.value && type === 'file') return opened.value;
  if (opened.value) await tried(session.close(opened.value));
  if (type === 'file' && opened.refusal) throw opened.refusal;
  throw refusalOf(type, at) ?? new AppError('NOT_FOUND', `${at} is missing`);
}

function refusalOf(type: FileType | undefined, at: string): AppError | undefined {
  if (type === 'file') return undefined;
  if (type === undefined) return new AppError('NOT_FOUND', `${at} is missing`);
  if (type === 'directory') return new AppError('IS_A_DIRECTORY', `${at} is a directory`);
  return new AppError('INVALID_ARGUMENT', `${at} is no regular file`);
}

async function openDirectory(session: SftpSession, at: string): Promise<Buffer> {
  try {
    return await session.opendir(at);
  } catch (thrown) {
    const otherwise = async () => {
      const found = await lstatOrMissing(session, at);
      return found && typeOf(found) !== 'directory' ? ('NOT_A_DIRECTORY' as const) : undefined;
    };
    throw await explained(session, thrown, { at, otherwise });
  }
}

function visible(page: readonly SftpEntry[], directory: TreePath): SftpEntry[] {
  return page.filter(({ filename }) => {
    if (filename === '.' || filename === '..') return false;
    if (filename === '' || filename.includes('/') || filename.includes('\0')) {
      throw new AppError('INPUT_OUTPUT', 'the server lists a name that no file can have');
    }
    return directory !== ROOT || filename !== RESERVED_NAME;
  });
}

async function entriesOf(
  replica: ReplicaSession,
  at: string,
  page: readonly SftpEntry[],
): Promise<DirectoryEntry[]> {
  const prefix = at === '/' ? '/' : `${at}/`;
  const found = await Promise.all(
    page.map(async ({ filename, attrs, longname }): Promise<DirectoryEntry[]> => {
      // Some servers list names without attributes.
      const attributes =
        attrs.mode === undefined ? await lstatOrMissing(replica.session, prefix + filename) : attrs;
      const links = linksIn(longname);
      const known = links !== undefined && { links };
      return attributes ? [{ name: filename, stat: { ...replica.statOf(attributes), ...known } }] : [];
    }),
  );
  return found.flat();
}

/** OpenSSH describes each entry as `ls -l` does, with the count of its links after type and mode. */
function linksIn(longname: string | undefined): number | undefined {
  const digits = /^[-dlbcps][-rwxsStT]{9}[.+@]? +(\d{1,9}) /.exec(longname ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
