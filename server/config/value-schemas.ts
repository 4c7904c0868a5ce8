import { isIP, isIPv4, isIPv6 } from 'node:net';
import { posix } from 'node:path';
import { z } from 'zod';

const MAX_TEXT = 4096;
const MIN_BANDWIDTH = 1024;
const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };
const LONGEST_INTERVAL_MS = 52 * 7 * DAY_MS;
const INTERVAL_FORM = 'needs an interval like 12h, 7d or 2w';
const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

const text = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .regex(/^\P{Cc}*$/u, { error: 'must not hold control characters' });

/** A file or directory on this machine, as written: `~/` and relative paths are not resolved yet. */
export const filePath = text
  .regex(/^(?!~[^/])/, { error: '~user is not expanded; write the path out' })
  .meta({ form: 'a path' });

/** The login's name on a mirror. */
export const userName = text.regex(/^[^\s-]\S*$/, { error: 'must not hold spaces or begin with -' });

/** Where a mirror is: an address, a name, or a Host of the ssh client's configuration. */
export const mirrorHost = text
  .refine((host) => !host.includes('@'), { error: 'the login goes into user, not into host', abort: true })
  .refine((host) => !/^\[|^[^:]*:\d*$/.test(host), {
    error: 'needs the address alone, without brackets; the port goes into port',
    abort: true,
  })
  .regex(/^[\w.:%][\w.:%-]*$/, { error: 'is not a host name or address' });

/** A directory on a mirror: absolute, or relative to the login's home directory, without `~/`. */
export const mirrorPath = text
  .refine((path) => !/^~[^/]/.test(path), { error: '~user is not expanded; write the path out', abort: true })
  .refine((path) => !path.split('/').includes('..'), { error: 'must not hold ..', abort: true })
  .transform((path) => posix.normalize(path.replace(/^~(\/+|$)/, './')).replace(/(?<=.)\/+$/, ''))
  .refine((path) => path !== '/' && path !== '.', {
    error: 'must be a directory of its own, neither / nor the whole home directory',
  });

/** The only host key to accept, as `ssh-keygen -l` prints it. */
export const hostKey = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, { error: 'needs the form SHA256:... that ssh-keygen -lf prints' })
  .transform((key) => key.replace(/=$/, ''));

/** Bytes per second, as a number or with a binary unit: 500K, 10M, 1.5G. */
export const bandwidthLimit = z
  .union([z.number(), z.string()], { error: 'needs bytes per second, or a text like 500K, 10M or 1G' })
  .transform((limit, context) => {
    const match = /^(\d{1,15}(?:\.\d{1,6})?)([KMG]?)$/.exec(String(limit));
    const bytes = Math.round(Number(match?.[1]) * (UNIT_BYTES[match?.[2] ?? ''] ?? Number.NaN));
    if (bytes >= MIN_BANDWIDTH && Number.isSafeInteger(bytes)) return bytes;
    context.addIssue('needs bytes per second, or a text like 500K, 10M or 1G; at least 1K');
    return z.NEVER;
  });

/** A time between two runs: 12h, 7d, 2w. */
export const interval = z.string({ error: INTERVAL_FORM }).transform((text, context) => {
  const [, count, unit = ''] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (ms >= HOUR_MS && ms <= LONGEST_INTERVAL_MS) return ms;
  context.addIssue(`${INTERVAL_FORM}; from 1h to 52w`);
  return z.NEVER;
});

/** A time of day on this machine's clock, in quotes: "03:00". */
export const timeOfDay = z
  .string({ error: 'needs a time of day in quotes, such as "03:00"' })
  .transform((text, context) => {
    const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text)?.map(Number) ?? [];
    if (hour !== undefined && minute !== undefined && hour < 24 && minute < 60) return { hour, minute };
    context.addIssue('needs a time of day, such as "03:00"');
    return z.NEVER;
  });

const BRACKETS = /\[[!^]?\]?(?:\[:[a-z]+:\]|[^\]])*\]/g;

/** A line as a .gitignore at the root of local_path would have it. What could never match anything is a mistake. */
export const excludePattern = text
  .refine((pattern) => !pattern.startsWith('#'), {
    error: 'is a comment; a name that begins with # needs \\#',
  })
  .refine((pattern) => /[^/]/.test(pattern.replace(/^!/, '').trim()), { error: 'names nothing', abort: true })
  .refine((pattern) => !/(?<!\\)(?:\\\\)*\\$/.test(pattern), {
    error: 'ends with a backslash that escapes nothing',
  })
  .refine((pattern) => !pattern.replace(/\\./g, '').replace(BRACKETS, '').includes('['), {
    error: 'has a [ without its ]; a name with a [ needs \\[',
  })
  .refine((pattern) => !/(?:^!?|\/)\.{0,2}\/|\/\.{1,2}$|^!?\.{1,2}$/.test(pattern.replace(/^(!?)\//, '$1')), {
    error: 'has a part that no path has (., .. or nothing); patterns begin at the root of local_path',
  });

/** The address that HTTP is served on. */
export const listenAddress = z.string().transform((address, context) => {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(address);
  const [, v6, name, digits] = match ?? [];
  const isHost = v6 === undefined ? isNameOrIpv4(name ?? '') : isIPv6(v6);
  const port = Number(digits);
  if (isHost && port <= 65535) return { host: v6 ?? name ?? '', port };
  context.addIssue('needs ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080');
  return z.NEVER;
});

/** The beginning of every address behind a proxy; without a slash at its end. */
export const basePath = z
  .string()
  .regex(/^(\/[\w.~-]+)+\/?$/, { error: 'needs a path such as /proxyfs' })
  .transform((path) => path.replace(/\/$/, ''))
  .meta({ form: 'a path such as `/proxyfs`' });

/** What browsers may put into the Host header, in lower case; with a port, that port alone. */
export const allowedHost = z
  .string()
  .refine((host) => isIP(host) !== 0 || isNameOrIpv4(host.replace(/:\d{1,5}$/, '')), {
    error: 'needs a host name or address, such as files.example.org',
  })
  .transform((host) => host.toLowerCase());

/** A proxy, or the network that proxies are in. */
export const proxyAddress = z.string().refine(isAddressOrNetwork, {
  error: 'needs an address or a network, such as 127.0.0.1 or 10.0.0.0/8',
});

/** A mirror's name. */
export const mirrorName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
  error: 'a name has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit',
});

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function isNameOrIpv4(name: string): boolean {
  // Digits and dots alone are a mistyped address, never a name.
  return /^[\d.]+$/.test(name)
    ? isIPv4(name)
    : name.length <= 253 && /^[a-z\d_](?:[\w.-]*[a-z\d_])?$/i.test(name);
}
