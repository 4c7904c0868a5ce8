import type { DirectorySource, FileStat } from '../filesystem/file-tree.ts';
import type { Owner } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { BulkDirectory } from './bulk-staging.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { tried } from './sftp-protocol.ts';

/**
 * Stages a directory with its files and renames it to its name, or over the empty one that has it: rename(2) does so in one step,
 * and refuses where something else is there. Undefined where it is to be filled file by file, and nothing has happened yet.
 */
export async function fillDirectory(
  replica: ReplicaSession,
  path: TreePath,
  source: DirectorySource,
): Promise<FileStat | undefined> {
  const { session, handles, reserved, bulk, defaults } = replica;
  await reserved.make();
  const staged = await bulk.stageDirectory(await withOwners(replica, source));
  if (!staged) return undefined;
  const at = replica.absolute(path);
  // The server works them off in order.
  const [renamed, found] = await Promise.all([
    tried(session.rename(staged.at, at)),
    lstatOrMissing(session, at),
  ]);
  handles.forget(path);
  // It is another directory now.
  defaults.forget(path);
  if (renamed.refusal) await staged.discard();
  return renamed.refusal || !found ? undefined : replica.statOf(found);
}

async function withOwners(replica: ReplicaSession, { stat, files }: DirectorySource): Promise<BulkDirectory> {
  const owners = new Map<string, Owner | undefined>();
  // Asked once for each: mostly they are all the same, and many files wait for it.
  for (const one of [stat, ...files.map((file) => file.stat)]) {
    const key = keyOf(one);
    if (!owners.has(key)) owners.set(key, await replica.ownerThere(one));
  }
  const ownerOf = (one: Owner) => owners.get(keyOf(one));
  return { stat, owner: ownerOf(stat), files: files.map((file) => ({ ...file, owner: ownerOf(file.stat) })) };
}

function keyOf({ uid, gid }: Owner): string {
  return `${uid}:${gid}`;
}
