import { createHash } from 'node:crypto';
import { AppError } from '../base/errors.ts';
import { type KnownHost, namesHost } from './known-hosts.ts';

/** By what a server's key is judged. */
export interface HostKeyRules {
  readonly host: string;
  readonly port: number;
  /** HostKeyAlias of ssh_config(5): the name to look up instead. */
  readonly alias?: string | undefined;
  /** `SHA256:...` of the only key to accept; known hosts then don't count. */
  readonly pin: string | undefined;
  readonly knownHosts: readonly KnownHost[];
  /** Where an operator adds a key. */
  readonly knownHostsFile: string;
}

/** Best first. ssh-rsa stands for SHA-1 signatures and is not offered, as OpenSSH doesn't either. */
const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
export type HostKeyAlgorithm = (typeof ALGORITHMS)[number];

/** Checks a key that a server presents: undefined when it is the right one, else the reason to refuse it. */
export function refusalOfHostKey(key: Buffer, rules: HostKeyRules): AppError | undefined {
  if (rules.pin !== undefined) return refusalByPin(key, rules.pin, rules);
  const known = knownOf(rules);
  if (isAmong(key, known, 'revoked')) return revoked(key, rules);
  if (isAmong(key, known, 'trusted')) return undefined;
  const other = known.find((line) => line.marker === 'trusted');
  if (other) return changed(key, fingerprint(other.key), rules);
  return unknown(key, rules);
}

/**
 * The algorithms to offer, those of known keys first: a server with several keys must show the one that
 * is known, or it would look like another server.
 */
export function hostKeyAlgorithms(rules: HostKeyRules): HostKeyAlgorithm[] {
  const types = new Set(knownOf(rules).map((line) => line.keyType));
  const isKnown = (algorithm: HostKeyAlgorithm) =>
    types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function refusalByPin(key: Buffer, pin: string, rules: HostKeyRules): AppError | undefined {
  return fingerprint(key) === pin.trim().replace(/=+$/, '') ? undefined : changed(key, pin, rules);
}

/** Lines for `[host]:port`; as ssh does, those for the bare host count where there are none. */
function knownOf(rules: HostKeyRules): KnownHost[] {
  for (const name of namesOf(rules)) {
    const lines = rules.knownHosts.filter((line) => namesHost(line, name));
    if (lines.length > 0) return lines;
  }
  return [];
}

function namesOf({ host, port, alias }: HostKeyRules): string[] {
  if (alias) return [alias];
  return port === 22 ? [host] : [`[${host}]:${port}`, host];
}

function isAmong(key: Buffer, known: readonly KnownHost[], marker: KnownHost['marker']): boolean {
  return known.some((line) => line.marker === marker && line.key.equals(key));
}

function unknown(key: Buffer, rules: HostKeyRules): AppError {
  const { host, port, knownHostsFile } = rules;
  const type = keyTypeOf(key);
  return new AppError(
    'HOST_KEY_UNKNOWN',
    `the ${type} host key ${fingerprint(key)} of ${host} port ${port} is not known. If the server itself shows ` +
      `this fingerprint (ssh-keygen -l), accept it: ssh-keyscan -t ${scanType(type)} -p ${port} ${host} >> ` +
      `${knownHostsFile}; or set host_key to it`,
    { details: { host, port, keyType: type, fingerprint: fingerprint(key) } },
  );
}

function changed(key: Buffer, expected: string, rules: HostKeyRules): AppError {
  const { host, port } = rules;
  const type = keyTypeOf(key);
  return new AppError(
    'HOST_KEY_CHANGED',
    `${host} port ${port} presents the ${type} host key ${fingerprint(key)} where ${expected} is expected: ` +
      'another server may be posing as it. If its key was changed on purpose, ' +
      (rules.pin === undefined ? `replace its line in ${rules.knownHostsFile}` : 'correct host_key'),
    { details: { host, port, keyType: type, fingerprint: fingerprint(key), expected } },
  );
}

function revoked(key: Buffer, { host, port, knownHostsFile }: HostKeyRules): AppError {
  return new AppError(
    'HOST_KEY_CHANGED',
    `the host key ${fingerprint(key)} of ${host} port ${port} is marked as revoked (${knownHostsFile})`,
    { details: { host, port, fingerprint: fingerprint(key) } },
  );
}

/** A key begins with its type as a counted string (RFC 4253, 6.6); what a server sends is checked before it is shown. */
function keyTypeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  const type = key.subarray(4, 4 + length).toString('latin1');
  return /^[a-z0-9@.-]{1,64}$/.test(type) ? type : 'unnamed';
}

function scanType(keyType: string): string {
  if (keyType.startsWith('ecdsa')) return 'ecdsa';
  return keyType.replace(/^ssh-/, '');
}
