import { z } from 'zod';
import { COMPARE_MODES } from '../../shared/jobs.ts';
import {
  bandwidthLimit,
  excludePattern,
  filePath,
  hostKey,
  interval,
  allowedHost,
  listenAddress,
  mirrorHost,
  mirrorPath,
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
    times: z.int().min(1).max(100).default(2),
    wait: z.array(seconds(0)).max(100).default([1, 5]),
  })
  .refine(({ times, wait }) => times === 1 || wait.length > 0, {
    path: ['wait'],
    error: 'needs at least one number of seconds, since tries.times is more than 1',
  });

const mirrorSchema = z.strictObject({
  host: mirrorHost,
  port: z.int().min(1).max(65535).optional(),
  user: userName.optional(),
  path: mirrorPath,
  identity_file: filePath.optional(),
  password_file: filePath.optional(),
  known_hosts: filePath.optional(),
  host_key: hostKey.optional(),
  required: z.boolean().default(true),
  owner: z.enum(['auto', 'preserve', 'names', 'ignore']).default('auto'),
  bandwidth_limit: bandwidthLimit.optional(),
  /** More than one would let requests overtake each other, which the request trains of a mirror rule out. */
  connections: z.int().min(1).max(1).default(1),
});

const mountSchema = z.strictObject({
  driver: z.enum(['auto', 'kernel', 'fuse-native']).default('auto'),
  allow_other: z.boolean().optional(),
});

const httpSchema = z.strictObject({
  listen: listenAddress.prefault('127.0.0.1:8080'),
  allowed_hosts: z.array(allowedHost).max(64).default([]),
});

const DAY_MS = 24 * 3600 * 1000;

const scrubSchema = z
  .strictObject({
    every: interval.optional(),
    at: timeOfDay.optional(),
    compare: z.enum(COMPARE_MODES).default('quick'),
    repair: z.boolean().default(false),
    rate_limit: bandwidthLimit.optional(),
  })
  .refine(({ every, at }) => at === undefined || (every !== undefined && every % DAY_MS === 0), {
    path: ['at'],
    error: 'needs scrub.every in whole days, such as 1d or 7d',
  });

const logSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** The YAML file as people write it: snake_case, times in seconds. */
export const configurationSchema = z.strictObject({
  version: z.literal(CONFIGURATION_VERSION).default(CONFIGURATION_VERSION),
  local_path: filePath,
  mount_point: filePath,
  state_path: filePath.optional(),
  exclude: z.array(excludePattern).max(1000).default([]),
  commit: z.enum(['write']).default('write'),
  tries: triesSchema.prefault({}),
  timeout: seconds(0.1).default(5),
  mirrors: z
    .record(z.string(), mirrorSchema)
    .refine((mirrors) => Object.keys(mirrors).length <= MAX_MIRRORS, {
      error: `must have at most ${MAX_MIRRORS} mirrors`,
    }),
  mount: mountSchema.prefault({}),
  http: httpSchema.prefault({}),
  scrub: scrubSchema.prefault({}),
  log: logSchema.prefault({}),
});

export type Settings = z.output<typeof configurationSchema>;

/** Maps with fixed keys, by their place; `*` stands for any name. */
export const SECTIONS: Readonly<Record<string, { readonly shape: Readonly<Record<string, unknown>> }>> = {
  '': configurationSchema,
  tries: triesSchema,
  'mirrors.*': mirrorSchema,
  mount: mountSchema,
  http: httpSchema,
  scrub: scrubSchema,
  log: logSchema,
};

// Refused by name, so that nobody believes in a feature that is not there.
const UNSUPPORTED_KEYS = new Set(['http.base_path', 'http.tls', 'http.trust_proxy']);
const UNSUPPORTED_VALUES = new Set(['commit=close']);

/** Whether the key is one of the format that this version cannot do yet. */
export function isUnsupportedKey(key: string): boolean {
  return UNSUPPORTED_KEYS.has(key);
}

/** Whether the value is one of the format that this version cannot do yet. */
export function isUnsupportedValue(key: string, value: unknown): boolean {
  return typeof value === 'string' && UNSUPPORTED_VALUES.has(`${key}=${value}`);
}
