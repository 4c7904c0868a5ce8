import type { ReservedDirectory } from './reserved-directory.ts';
import { tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

/** What a file tells that was made for the purpose. */
export interface WriteProbe {
  /** Whether this login may give files away. */
  readonly owners: boolean;
  /** How far the server's clock is ahead at least (negative: behind); 0 where no difference can be seen. */
  readonly clockAheadMs: number;
}

/** Makes a file and removes it again; rejects with the refusal where the server lets nothing be written. */
export async function probeWriting(session: SftpSession, reserved: ReservedDirectory): Promise<WriteProbe> {
  const at = reserved.newStaged();
  const beforeMs = Date.now();
  const opened = await reserved.openNew(at);
  const afterMs = Date.now();
  if (opened.refusal) throw opened.refusal;
  const handle = opened.value;
  // Two owners are tried, since one may be the login's.
  const [made, first, second] = await Promise.all([
    tried(session.fstat(handle)),
    ...[1, 2].map((id) => tried(session.fsetstat(handle, { uid: id, gid: id }))),
    tried(session.close(handle)),
    tried(session.remove(at)),
  ]);
  return {
    owners: !first?.refusal && !second?.refusal,
    clockAheadMs: made.value?.mtime === undefined ? 0 : aheadMs(made.value.mtime, { beforeMs, afterMs }),
  };
}

/** The server tells whole seconds, of a moment between the two. */
export function aheadMs(
  seconds: number,
  { beforeMs, afterMs }: { beforeMs: number; afterMs: number },
): number {
  const [earliestMs, latestMs] = [seconds * 1000, seconds * 1000 + 999];
  if (earliestMs > afterMs) return earliestMs - afterMs;
  return Math.min(0, latestMs - beforeMs);
}
