import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';

/** The keys of one server: its own, and the one its only client logs in with. */
export interface ServerKeys {
  /** PEM of the host key. */
  readonly hostKey: string;
  /** `SHA256:...` of the host key, as `ssh-keygen -l` prints it. */
  readonly hostKeyPin: string;
  /** The line of known_hosts after the host: type and base64. */
  readonly hostKeyLine: string;
  readonly clientKeyPath: string;
  readonly clientPublicKey: ssh2.ParsedKey;
}

/** Makes both key pairs and writes the client's private key, readable by its owner alone, into `directory`. */
export async function makeServerKeys(directory: string): Promise<ServerKeys> {
  const host = keyPair();
  const client = keyPair();
  const clientKeyPath = join(directory, 'client_key');
  await writeFile(clientKeyPath, client.privateText, { mode: 0o600 });
  const hostBlob = host.key.getPublicSSH();
  return {
    hostKey: host.privateText,
    hostKeyPin: `SHA256:${createHash('sha256').update(hostBlob).digest('base64').replace(/=+$/, '')}`,
    hostKeyLine: `ssh-ed25519 ${hostBlob.toString('base64')}`,
    clientKeyPath,
    clientPublicKey: client.key,
  };
}

/** ssh2 1.17 strips leading zeros off the public half, so one pair in 256 can't be read back: make another. */
function keyPair(): { privateText: string; key: ssh2.ParsedKey } {
  for (;;) {
    const privateText = ssh2.utils.generateKeyPairSync('ed25519').private;
    const key = ssh2.utils.parseKey(privateText);
    if (!(key instanceof Error)) return { privateText, key };
  }
}
