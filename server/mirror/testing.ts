import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { ReplicaSession } from './replica-session.ts';
import { SftpSession } from './sftp-session.ts';
import { SftpTree } from './sftp-tree.ts';
import { resolveLogin } from './ssh-login.ts';

/** For tests: a tree over one session, without the supervision of a mirror. */
export async function openTree(
  config: MirrorConfiguration,
  timeoutMs = 5000,
): Promise<{ tree: SftpTree; session: SftpSession; replica: ReplicaSession; close: () => void }> {
  const session = await SftpSession.open(await resolveLogin(config), { timeoutMs });
  const replica = await ReplicaSession.open(session, config);
  const tree = new SftpTree(config.name);
  tree.attach(replica);
  tree.admit();
  return { tree, session, replica, close: () => session.end(new AppError('SHUTTING_DOWN')) };
}
