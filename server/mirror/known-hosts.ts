import { createHmac, timingSafeEqual } from 'node:crypto';

/** One line of a known_hosts file that says something of host keys. */
export interface KnownHost {
  readonly marker: 'trusted' | 'revoked';
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
}

/**
 * Reads the lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). What can't be read trusts
 * nobody and is left out, and so are certificate authorities.
 */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((line) => parseLine(line.trim()) ?? []);
}

/** Whether the line speaks of this name: a host, `[host]:port` where the port isn't 22, or an alias. */
export function namesHost(line: KnownHost, name: string): boolean {
  const wanted = name.toLowerCase();
  if (line.hosts.startsWith('|')) return isHashOf(line.hosts, wanted);
  let found = false;
  for (const pattern of line.hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), wanted)) return false;
    } else if (matches(pattern, wanted)) {
      found = true;
    }
  }
  return found;
}

function parseLine(line: string): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const fields = line.split(/[ \t]+/);
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
  if (marker !== undefined && marker !== '@revoked') return undefined;
  const [hosts, keyType, base64] = fields;
  if (!hosts || !keyType || !base64) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (key.length === 0) return undefined;
  return { marker: marker ? 'revoked' : 'trusted', hosts, keyType, key };
}

/** `|1|salt|hash`: the hash is the HMAC-SHA1 of the name under the salt. */
function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || !salt || !hash) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** Glob with `*` and `?`, in time linear in the pattern for each start: no expression is built from file content. */
function matches(pattern: string, name: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < name.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      afterStar = at;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === name[at]) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++afterStar;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
