import type { RequestedAttributes } from './sftp-attributes.ts';
import { type Reply, statusReply } from './sftp-reply.ts';
import { STATUS, statusOf } from './sftp-status.ts';

interface AttributeSetters {
  truncate(sizeBytes: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(atimeSeconds: number, mtimeSeconds: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

/**
 * Sets what was requested in the order of OpenSSH: size, mode, times, owner. Each step is tried even if one
 * before it failed, and the last failure is the answer. A client that sends mode and owner in one request
 * meets the same trap as with the real server: the kernel drops the set-id bits when the owner changes.
 */
export async function applyInOrder(
  { sizeBytes, mode, times, owner }: RequestedAttributes,
  setters: AttributeSetters,
): Promise<Reply> {
  const steps = [
    sizeBytes !== undefined && (() => setters.truncate(sizeBytes)),
    mode !== undefined && (() => setters.chmod(mode)),
    times && (() => setters.utimes(times.atimeSeconds, times.mtimeSeconds)),
    owner && (() => setters.chown(owner.uid, owner.gid)),
  ];
  let status: number = STATUS.ok;
  for (const step of steps) {
    if (step) await step().catch((thrown: unknown) => (status = statusOf(thrown)));
  }
  return statusReply(status);
}
