import { AppError, hasCode } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { SshConnection } from './ssh-connection.ts';
import { resolveLogin } from './ssh-login.ts';

/**
 * Looks at a server's host key and offers it no credential. Resolves where the key is trusted; rejects with
 * HOST_KEY_UNKNOWN or HOST_KEY_CHANGED, whose details name the key, or with why the server can't be reached.
 */
export async function checkHostKey(config: MirrorConfiguration, timeoutMs: number): Promise<void> {
  const login = await resolveLogin(config);
  try {
    const connection = await SshConnection.open({ ...login, credentials: [] }, { timeoutMs });
    connection.destroy(new AppError('INTERRUPTED'));
  } catch (thrown) {
    // The key was accepted before the login was refused.
    if (!hasCode(thrown, 'LOGIN_REFUSED')) throw thrown;
  }
}
