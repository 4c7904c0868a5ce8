import { createSecureContext } from 'node:tls';
import type { TlsConfiguration } from './configuration.ts';
import { absolutePath, type PathBase } from './local-paths.ts';
import type { ProblemList } from './problem-list.ts';
import { readSmallFile } from './small-file.ts';
import type { SoundParts } from './sound-parts.ts';

const LIMIT_BYTES = 256 * 1024;

/** Where certificate and key are; reports those that can't be read, or don't belong together. */
export async function checkTlsFiles(
  tls: SoundParts['tls'],
  base: PathBase,
  list: ProblemList,
): Promise<TlsConfiguration | undefined> {
  if (!tls) return undefined;
  const certFile = absolutePath(tls.cert_file, base);
  const keyFile = absolutePath(tls.key_file, base);
  const cert = await readSmallFile(certFile, LIMIT_BYTES);
  const key = await readSmallFile(keyFile, LIMIT_BYTES);
  const report = (name: 'cert_file' | 'key_file', message: string) =>
    list.add(['http', 'tls', name], message);
  if ('reason' in cert) report('cert_file', `the file cannot be read: ${cert.reason}`);
  if ('reason' in key) report('key_file', `the file cannot be read: ${key.reason}`);
  if ('reason' in cert || 'reason' in key) return undefined;
  try {
    createSecureContext({ cert: cert.content, key: key.content });
  } catch {
    // What the library says may quote the file.
    report(
      'cert_file',
      'this certificate and key_file do not belong together, or one of them is no PEM without a passphrase',
    );
  }
  return { certFile, keyFile };
}
