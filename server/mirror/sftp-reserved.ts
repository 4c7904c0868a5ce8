import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { OPEN, tried } from './sftp-protocol.ts';

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
  await reserved.make();
  const at = reserved.newStaged();
  const handle = await session.open(at, OPEN.WRITE | OPEN.CREAT | OPEN.EXCL, 0o600);
  const [{ mtime = 0 }] = await Promise.all([
    session.fstat(handle),
    tried(session.close(handle)),
    tried(session.remove(at)),
  ]);
  return mtime;
}
