import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../base/errors.ts';
import { type LocalPath, overlapBetween } from '../config/local-paths.ts';
import { IDENTITY_FILE, RESERVED_NAME } from '../filesystem/tree-path.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { tried } from './sftp-protocol.ts';
import { readSmall } from './small-file.ts';

const LARGEST_IDENTITY_BYTES = 64 * 1024;

/** The directories of this machine that no mirror may share. */
export interface OwnGround {
  readonly localPath: LocalPath;
  readonly mountPoint: LocalPath;
}

/** Refuses a mirror's directory that lies inside another replica, or that shares files with this machine's own. */
export async function refuseSharedGround(replica: ReplicaSession, own: OwnGround): Promise<void> {
  const around = await replicaAround(replica);
  if (around !== undefined) {
    throw unsuitable(replica, `lies inside ${around}, which is a replica of its own (it has a .proxyfs)`);
  }
  const shared = (['localPath', 'mountPoint'] as const).filter((key) =>
    overlapBetween(replica.rootPath, own[key].real),
  );
  // The same path on another machine is what most mirrors have.
  if (shared.length === 0 || !(await isOwnMachine(replica, own.localPath))) return;
  const names = shared.map((key) => (key === 'localPath' ? 'local_path' : 'mount_point')).join(' and ');
  throw unsuitable(replica, `shares files with ${names}: the server is this machine`);
}

function unsuitable({ rootPath }: ReplicaSession, what: string): AppError {
  return new AppError('MIRROR_UNSUITABLE', `${rootPath} ${what}; give the mirror a directory of its own`);
}

/** The nearest directory above that is a replica, as far as this login may look. */
async function replicaAround({ session, rootPath }: ReplicaSession): Promise<string | undefined> {
  const names = rootPath === '/' ? [] : rootPath.split('/').slice(1);
  const above = names.map((_, depth) => `/${names.slice(0, depth).join('/')}`).reverse();
  const looks = above.map((directory) =>
    tried(lstatOrMissing(session, `${directory === '/' ? '' : directory}/${RESERVED_NAME}`)),
  );
  const found = await Promise.all(looks);
  return above.find((_, index) => found[index]?.value !== undefined);
}

/** Whether the server has the very identity of the local directory: it names this start, so no copy has it. */
async function isOwnMachine({ session }: ReplicaSession, { real }: LocalPath): Promise<boolean> {
  const identity = join(real, RESERVED_NAME, IDENTITY_FILE);
  const here = await readFile(identity).catch(() => undefined);
  if (!here) return false;
  const there = await tried(readSmall(session, identity, LARGEST_IDENTITY_BYTES));
  // Where this login may not look, it could not change anything either.
  return there.value?.equals(here) === true;
}
