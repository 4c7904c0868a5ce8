import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { OPEN, tried } from './sftp-protocol.ts';

/** See `MirrorTree`. Durable where the server can. */
export async function createReserved(
  { session, reserved }: ReplicaSession,
  name: string,
  content: Buffer,
): Promise<boolean> {
  const at = reserved.file(name);
  const opened = await reserved.openNew(at);
  if (opened.refusal && (await lstatOrMissing(session, at))) return false;
  if (opened.refusal) throw await explained(session, opened.refusal, { at, neededBytes: content.length });
  const handle = opened.value;
  // The server works them off in order.
  const written = session.write(handle, content, 0);
  const flushed = session.extensions.fsync ? session.fsync(handle) : undefined;
  const closed = session.close(handle);
  try {
    await Promise.all([written, flushed, closed]);
    return true;
  } catch (thrown) {
    // Explained before the cleaning, which makes room on a full disk.
    const error = await explained(session, thrown, { at, neededBytes: content.length });
    await tried(session.remove(at)).catch(() => {});
    throw error;
  }
}

/** In place, through one request: nobody reads a half of it. */
export async function overwriteReserved(
  { session, reserved }: ReplicaSession,
  name: string,
  content: Buffer,
): Promise<void> {
  const handle = await session.open(reserved.file(name), OPEN.WRITE);
  try {
    await session.write(handle, content, 0);
  } finally {
    // Not waited for: on a slow line each turn counts.
    tried(session.close(handle)).catch(() => {});
  }
}

/** By the server's clock, which is read from a file just written. */
export async function reservedAgeMs(replica: ReplicaSession, name: string): Promise<number | undefined> {
  const { session, reserved } = replica;
  const found = await lstatOrMissing(session, reserved.file(name));
  if (found?.mtime === undefined) return undefined;
  return ((await clockSeconds(replica)) - found.mtime) * 1000;
}

async function clockSeconds({ session, reserved }: ReplicaSession): Promise<number> {
  const at = reserved.newStaged();
  const opened = await reserved.openNew(at);
  if (opened.refusal) throw opened.refusal;
  const [{ mtime = 0 }] = await Promise.all([
    session.fstat(opened.value),
    tried(session.close(opened.value)),
    tried(session.remove(at)),
  ]);
  return mtime;
}
