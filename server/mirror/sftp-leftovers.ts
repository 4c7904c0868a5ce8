import type { TreePath } from '../filesystem/tree-path.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';
import { type SftpAttributes, type SftpEntry, STATUS, tried } from './sftp-protocol.ts';
import { pagesOf } from './sftp-read.ts';

/** A server that says "removed" and lists it again must not keep us for ever. */
const MOST_ROUNDS = 100;

/** Moves a kept pre-image back; false where there is none. */
export async function restorePreImage(
  replica: ReplicaSession,
  name: string,
  path: TreePath,
): Promise<boolean> {
  const { session, handles, reserved } = replica;
  const at = replica.absolute(path);
  const aside = reserved.preImage(name);
  handles.forget(path);
  const moved = await tried(session.rename(aside, at));
  handles.forget(path);
  if (!moved.refusal) {
    // rename(2) leaves both names where they are one file already.
    await tried(session.remove(aside));
    return true;
  }
  if (!(await lstatOrMissing(session, aside))) return false;
  const otherwise = async () => {
    const found = await lstatOrMissing(session, at);
    return found && typeOf(found) === 'directory' ? ('IS_A_DIRECTORY' as const) : undefined;
  };
  throw await explained(session, moved.refusal, { at, otherwise });
}

export async function dropPreImage(replica: ReplicaSession, name: string): Promise<void> {
  const { session, reserved } = replica;
  const at = reserved.preImage(name);
  const removed = await tried(session.remove(at));
  if (!removed.refusal || removed.refusal.status === STATUS.NO_SUCH_FILE) return;
  throw await explained(session, removed.refusal, { at });
}

/** Removes files put aside, and what was staged; any other directory was not put there by us and stays. */
export async function dropLeftovers(replica: ReplicaSession): Promise<void> {
  const { undo, staging } = replica.reserved;
  const dropAll = async (directory: string) => {
    // Removing while listing may skip names, so it is done until a round finds nothing to remove.
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (!(await dropSome(replica, directory))) return;
    }
  };
  // Every connect waits for both, so they share their round trips.
  await Promise.all([undo, staging].map(dropAll));
}

async function dropSome(replica: ReplicaSession, directory: string): Promise<boolean> {
  const { session } = replica;
  const opened = await tried(session.opendir(directory));
  if (opened.refusal?.status === STATUS.NO_SUCH_FILE) return false;
  if (opened.refusal) throw await explained(session, opened.refusal, { at: directory });
  let removed = false;
  try {
    for await (const page of pagesOf(session, opened.value)) {
      const entries = page.filter(({ filename }) => isOrdinary(filename));
      const drop = (entry: SftpEntry) => dropOne(replica, `${directory}/${entry.filename}`, entry.attrs);
      const outcomes = await Promise.all(entries.map(drop));
      removed ||= outcomes.some(Boolean);
    }
  } finally {
    tried(session.close(opened.value)).catch(() => {});
  }
  return removed;
}

/** Whether anything is gone. A staged directory holds files alone. */
async function dropOne(replica: ReplicaSession, at: string, found: SftpAttributes): Promise<boolean> {
  const { session, reserved } = replica;
  if (typeOf(found) !== 'directory') return !(await tried(session.remove(at))).refusal;
  if (!reserved.isStaged(at)) return false;
  const isLess = await dropSome(replica, at);
  return !(await tried(session.rmdir(at))).refusal || isLess;
}

function isOrdinary(name: string): boolean {
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}
