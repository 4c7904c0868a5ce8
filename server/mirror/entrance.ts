import { posix } from 'node:path';
import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { type OwnGround, refuseSharedGround } from './ground.ts';
import { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing, typeOf } from './sftp-attributes.ts';
import { isRefusal, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import type { SftpTree } from './sftp-tree.ts';

export interface EntranceOptions {
  readonly config: MirrorConfiguration;
  /** What of this machine the mirror must not share. */
  readonly own: OwnGround;
  /**
   * Checks the replica's identity through `tree` after each connect; a rejection closes the connection. Changes nothing before
   * `ground` has shown that the directory may be a mirror.
   */
  readonly admit: (ground: Promise<void>) => Promise<void>;
}

/** The path is another one than it seemed, and everything is to be asked of that. */
class OtherPath extends Error {}

/** Finds the mirror's directory and has it let in; refuses where it is missing, since making it is the operator's decision. */
export async function enter(
  session: SftpSession,
  tree: SftpTree,
  options: EntranceOptions,
): Promise<ReplicaSession> {
  const { config } = options;
  const real = realDirectory(session, config.path);
  real.catch(() => {});
  if (mayBeReal(config)) {
    // Beside the question whether it is: at a distance each turn counts.
    const isReal = real.then((path) => {
      if (path !== config.path) throw new OtherPath();
    });
    const replica = new ReplicaSession(session, config.path, config.owner);
    const isLetIn = letIn(replica, tree, { ...options, isReal }).then(() => true, unlessOther);
    if (await isLetIn) return replica;
  }
  const replica = await ReplicaSession.open(session, await real, config.owner);
  await letIn(replica, tree, { ...options, isReal: Promise.resolve() });
  return replica;
}

async function letIn(
  replica: ReplicaSession,
  tree: SftpTree,
  { own, admit, isReal }: EntranceOptions & { isReal: Promise<void> },
): Promise<void> {
  const { session } = replica;
  // Under way while other things are asked. Who needs it hears why it fails.
  replica.bootId().catch(() => {});
  tree.attach(replica);
  void session.ended.then(() => tree.detach(replica));
  const shared = refuseSharedGround(replica, own);
  shared.catch(() => {});
  const ground = isReal.then(() => shared);
  const admitted = Promise.all([ground, admit(ground)]);
  await Promise.race([admitted, session.ended.then((reason) => Promise.reject(reason))]);
}

function unlessOther(thrown: unknown): false {
  if (thrown instanceof OtherPath) return false;
  throw thrown;
}

/** As far as can be seen here. */
function mayBeReal({ path, owner }: MirrorConfiguration): boolean {
  // Owners by name have tables that are read first.
  return owner !== 'names' && path.startsWith('/') && posix.resolve(path) === path;
}

/** Without symlinks. */
async function realDirectory(session: SftpSession, path: string): Promise<string> {
  const [real, asGiven] = await Promise.all([resolved(session, path), tried(session.lstat(path))]);
  const found = real === path ? asGiven.value : undefined;
  const there = found ?? (real === undefined ? undefined : await lstatOrMissing(session, real));
  if (real !== undefined && there && typeOf(there) === 'directory') return real;
  throw new AppError('MIRROR_UNSUITABLE', `${path} is not a directory on the mirror`);
}

async function resolved(session: SftpSession, path: string): Promise<string | undefined> {
  try {
    return await session.realpath(path);
  } catch (thrown) {
    if (isRefusal(thrown)) return undefined;
    throw thrown;
  }
}
