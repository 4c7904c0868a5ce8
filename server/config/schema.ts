import { z } from 'zod';
import { COMPARE_MODES } from '../../shared/jobs.ts';
import {
  bandwidthLimit,
  basePath,
  excludePattern,
  filePath,
  hostKey,
  interval,
  allowedHost,
  listenAddress,
  mirrorHost,
  mirrorPath,
  proxyAddress,
  timeOfDay,
  userName,
} from './value-schemas.ts';

/** More than anybody has, and few enough to compare each with each other one. */
export const MAX_MIRRORS = 64;

/** Raised with what would mean something else to a program of before; a file of a newer one is not read at all. */
export const CONFIGURATION_VERSION = 1;

const seconds = (least: number) => z.number().min(least).max(3600);

const triesSchema = z
  .strictObject({
    times: z.int().min(1).max(100).default(2).meta({ description: 'Attempts in total.' }),
    wait: z.array(seconds(0)).max(100).default([1, 5]).meta({
      description: 'Seconds between the attempts; the last one repeats.',
      form: 'a list of 0 to 3600 seconds',
    }),
  })
  .refine(({ times, wait }) => times === 1 || wait.length > 0, {
    path: ['wait'],
    error: 'needs at least one number of seconds, since tries.times is more than 1',
  });

const mirrorSchema = z.strictObject({
  host: mirrorHost.meta({ description: 'Address, name, or a `Host` of `~/.ssh/config`.' }),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .meta({ description: 'Port of its ssh server.', otherwise: 'as `ssh` would' }),
  user: userName.optional().meta({ description: 'The login there.', otherwise: 'as `ssh` would' }),
  path: mirrorPath.meta({
    description:
      "A directory of its own; relative: in the login's home directory. Mirrors must not overlap, nor share files with `local_path` and `mount_point`: what the text can't tell is found out at the server.",
  }),
  identity_file: filePath.optional().meta({
    description: 'A private key on this machine.',
    otherwise: 'the ssh agent and the usual keys',
  }),
  password_file: filePath.optional().meta({
    description:
      'A file whose only line is the password; passwords themselves are not kept in the configuration.',
  }),
  known_hosts: filePath.optional().meta({
    description: "The file with the server's key; a server whose key is not known is refused.",
    otherwise: '`~/.ssh/known_hosts`',
  }),
  host_key: hostKey.optional().meta({
    description: 'The only key to accept, as `ssh-keygen -lf` prints it.',
    form: '`SHA256:...`',
  }),
  required: z
    .boolean()
    .default(true)
    .meta({ description: 'false: changes go on without this mirror, and it catches up later.' }),
  owner: z.enum(['auto', 'preserve', 'names', 'ignore']).default('auto').meta({
    description:
      'auto: keep owners where the login may set them; preserve: always; names: always, by name; ignore: never.',
  }),
  bandwidth_limit: bandwidthLimit.optional().meta({
    description: 'Bytes per second for catching up (1K = 1024).',
    form: 'a number, or 500K, 10M, 1G',
    otherwise: 'no limit',
  }),
  /** More than one would let requests overtake each other, which the request trains of a mirror rule out. */
  connections: z
    .int()
    .min(1)
    .max(1)
    .default(1)
    .meta({ description: 'Connections to its server; this version has one.' }),
});

const mountSchema = z.strictObject({
  driver: z.enum(['auto', 'kernel', 'fuse-native']).default('auto').meta({
    description:
      "kernel speaks the kernel's FUSE protocol itself and needs root; fuse-native needs libfuse 2 and its fusermount, and has the defects that the README names; auto: kernel for root, else fuse-native. `proxyfs check`, `proxyfs status` and the log say which it is, and why.",
  }),
  allow_other: z.boolean().optional().meta({
    description: 'Let users other than the one running Proxyfs into the mount.',
    otherwise: 'true for root, else false',
    fileOnly: true,
  }),
});

const tlsSchema = z.strictObject({
  cert_file: filePath.meta({
    description: 'The certificate in PEM, with those that lead to its root. Read again when it changes.',
  }),
  key_file: filePath.meta({ description: 'Its private key in PEM, without a passphrase.' }),
});

const httpSchema = z.strictObject({
  listen: listenAddress.prefault('127.0.0.1:8080').meta({
    description: 'Address of dashboard and API.',
    form: '`ADDRESS:PORT`; `[::1]:8080` for IPv6',
  }),
  allowed_hosts: z.array(allowedHost).max(64).default([]).meta({
    description: 'Further names they may be called by; the listen address and loopback names always work.',
    form: 'a list of at most 64 names',
    otherwise: 'none',
  }),
  base_path: basePath.optional().meta({
    description:
      'Where a proxy has it that passes addresses on as they are; one that takes its part of the path off needs none.',
    otherwise: 'the top',
  }),
  trust_proxy: z.array(proxyAddress).max(64).default([]).meta({
    description:
      'Proxies whose `X-Forwarded-For` is believed: wrong logins are counted, and changes noted, by the address it names.',
    form: 'a list of at most 64 addresses or networks, such as `127.0.0.1` or `10.0.0.0/8`',
    otherwise: 'none',
  }),
  tls: tlsSchema.optional().meta({ description: 'Serve HTTPS instead of HTTP.', otherwise: 'HTTP' }),
});

const DAY_MS = 24 * 3600 * 1000;

const scrubSchema = z
  .strictObject({
    every: interval.optional().meta({
      description:
        'Compare each mirror with `local_path` so often. A scrub that was missed begins soon after the start, or when the mirror is back, one mirror at a time.',
      form: 'hours, days or weeks: 12h, 7d, 2w',
      otherwise: 'only when asked for',
    }),
    at: timeOfDay.optional().meta({
      description: "Not before this time of day, by this machine's clock; `scrub.every` in whole days then.",
      form: '`"03:00"`, in quotes',
      otherwise: 'any time',
    }),
    compare: z
      .enum(COMPARE_MODES)
      .default('quick')
      .meta({ description: 'content: read everything back as well.' }),
    repair: z
      .boolean()
      .default(false)
      .meta({ description: 'true: make equal what differs, as `proxyfs scrub --repair` does.' }),
    rate_limit: bandwidthLimit.optional().meta({
      description: 'Bytes per second that any scrub reads from a mirror (1K = 1024).',
      form: 'a number, or 500K, 10M, 1G',
      otherwise: 'no limit',
    }),
  })
  .refine(({ every, at }) => at === undefined || (every !== undefined && every % DAY_MS === 0), {
    path: ['at'],
    error: 'needs scrub.every in whole days, such as 1d or 7d',
  });

const logSchema = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: 'The least severe lines that are logged.' }),
});

/** The YAML file as people write it: snake_case, times in seconds. */
export const configurationSchema = z.strictObject({
  version: z
    .literal(CONFIGURATION_VERSION)
    .default(CONFIGURATION_VERSION)
    .meta({ description: 'Of this format; a file for a newer Proxyfs is refused.' }),
  local_path: filePath.meta({
    description: 'The directory that holds the files; change it only through the mount.',
    fileOnly: true,
  }),
  mount_point: filePath.meta({
    description: 'Where the same files appear; must not overlap `local_path`.',
    fileOnly: true,
  }),
  state_path: filePath.optional().meta({
    description:
      'Journal and state; inside `local_path` only `.proxyfs` will do, since all else there is mirrored.',
    otherwise: '`.proxyfs` in `local_path`',
    fileOnly: true,
  }),
  exclude: z.array(excludePattern).max(1000).default([]).meta({
    description: 'What stays on this machine, such as `*.tmp` and `/cache/`.',
    form: 'a list of patterns in gitignore syntax',
  }),
  commit: z
    .enum(['write'])
    .default('write')
    .meta({ description: 'A change is on every required mirror before the call returns.' }),
  tries: triesSchema.prefault({}).meta({ description: 'How often a change is tried on a mirror.' }),
  timeout: seconds(0.1).default(5).meta({ description: 'Seconds for one attempt at one request.' }),
  mirrors: z
    .record(z.string(), mirrorSchema)
    .refine((mirrors) => Object.keys(mirrors).length <= MAX_MIRRORS, {
      error: `must have at most ${MAX_MIRRORS} mirrors`,
    })
    .meta({
      description: `Copies of \`local_path\` by their names (\`a-z 0-9 . _ -\`), at most ${MAX_MIRRORS}; \`{}\` for the local directory alone.`,
      live: true,
    }),
  mount: mountSchema.prefault({}).meta({ description: 'How `mount_point` is mounted.' }),
  http: httpSchema.prefault({}).meta({ description: 'Dashboard and API.', fileOnly: true }),
  scrub: scrubSchema.prefault({}).meta({
    description: 'Comparing every mirror with `local_path`, over and over, as long as `every` is given.',
  }),
  log: logSchema.prefault({}).meta({ description: 'What is logged on stdout.' }),
});

export type Settings = z.output<typeof configurationSchema>;

/** Maps with fixed keys, by their place; `*` stands for any name. */
export const SECTIONS: Readonly<Record<string, { readonly shape: Readonly<Record<string, unknown>> }>> = {
  '': configurationSchema,
  tries: triesSchema,
  'mirrors.*': mirrorSchema,
  mount: mountSchema,
  http: httpSchema,
  'http.tls': tlsSchema,
  scrub: scrubSchema,
  log: logSchema,
};

// Refused by name, so that nobody believes in a feature that is not there.
const UNSUPPORTED_VALUES = new Set(['commit=close']);

/** Whether the value is one of the format that this version cannot do yet. */
export function isUnsupportedValue(key: string, value: unknown): boolean {
  return typeof value === 'string' && UNSUPPORTED_VALUES.has(`${key}=${value}`);
}
