import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { ReplicaSession } from './replica-session.ts';
import { SftpSession } from './sftp-session.ts';
import { SftpTree } from './sftp-tree.ts';
import { SshConnection } from './ssh-connection.ts';
import { resolveLogin } from './ssh-login.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** For tests: a tree over one session, without the supervision of a mirror. */
export async function openTree(
  config: MirrorConfiguration,
  timeoutMs = 5000,
): Promise<{ tree: SftpTree; session: SftpSession; replica: ReplicaSession; close: () => void }> {
  // Tests with short deadlines are about requests; a busy machine may take longer to connect.
  const connection = await SshConnection.open(await resolveLogin(config), { timeoutMs: CONNECT_TIMEOUT_MS });
  const session = new SftpSession(connection, timeoutMs, () => {});
  const root = await session.realpath(config.path);
  const replica = await ReplicaSession.open(session, root, config.owner);
  const tree = new SftpTree(config.name);
  tree.attach(replica);
  tree.admit();
  return { tree, session, replica, close: () => session.end(new AppError('SHUTTING_DOWN')) };
}
