import { OPEN, STATUS, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

/**
 * Content of a small file at `at`; undefined where there is none. Cut at `mostBytes`. Waits neither for a permit behind large
 * files nor for the close: a lease is renewed on a busy line, too.
 */
export async function readSmall(
  session: SftpSession,
  at: string,
  mostBytes: number,
): Promise<Buffer | undefined> {
  const opened = await tried(session.open(at, OPEN.READ));
  if (opened.refusal?.status === STATUS.NO_SUCH_FILE) return undefined;
  if (opened.refusal) throw opened.refusal;
  const handle = opened.value;
  const content = Buffer.alloc(mostBytes);
  try {
    const first = session.read(handle, content.subarray(0, session.readPieceBytes), 0);
    const [count, whole] = await Promise.all([first, tried(session.fstat(handle))]);
    // The size spares a turn that says there is no more.
    if (count === whole.value?.size) return content.subarray(0, count);
    return content.subarray(0, count + (await fill(session, handle, content.subarray(count), count)));
  } finally {
    tried(session.close(handle)).catch(() => {});
  }
}

/** Reads until `target` is full or the file ends: a server may answer less than was asked for before that. */
export async function fill(
  session: SftpSession,
  handle: Buffer,
  target: Buffer,
  offset: number,
): Promise<number> {
  let filledBytes = 0;
  while (filledBytes < target.length) {
    const piece = target.subarray(filledBytes, filledBytes + session.readPieceBytes);
    const count = await session.read(handle, piece, offset + filledBytes);
    if (count === 0) break;
    filledBytes += count;
  }
  return filledBytes;
}
