import { z } from 'zod';
import { OUTCOMES } from './api.ts';
import { AUDIT_RESULTS, AUDIT_TEXT_CHARS } from './audit.ts';
import { LOG_LEVELS } from './log.ts';
import { METRIC_RANGES } from './mirror-metrics.ts';
import { OPERATION_KINDS, SCOPES } from './states.ts';

/** PATH_MAX of Linux (limits.h); also the cap on every other text a request may carry. */
const PATH_CHARS = 4096;
/** The longest reason that an operator may give. */
export const REASON_CHARS = 500;
const PAGE_ITEMS = 200;
/** The longest configuration file. */
export const CONFIGURATION_BYTES = 256 * 1024;

/** The header of a request that may be sent again and makes something only once (draft-ietf-httpapi-idempotency-key-header). */
export const IDEMPOTENCY_KEY = 'Idempotency-Key';

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

/** The query of `GET /transactions`; everything in it narrows the answer. */
export const transactionsQuerySchema = z.strictObject({
  state: z.enum(['inFlight', 'ended']).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  op: z.enum(OPERATION_KINDS).optional(),
  mirror: z.string().max(PATH_CHARS).optional(),
  pathPrefix: z.string().max(PATH_CHARS).optional(),
  /** Of the user whose program asked for it. */
  uid: wholeNumber.optional(),
  /** Started at this time or later. */
  since: z.iso.datetime({ offset: true }).optional(),
  limit: wholeNumber.pipe(z.number().min(1).max(PAGE_ITEMS)).default(50),
  cursor: z.string().max(PATH_CHARS).optional(),
});
export type TransactionsQuery = z.infer<typeof transactionsQuerySchema>;

/** The query of `GET /log`. */
export const logQuerySchema = z.strictObject({
  /** Lines that came later than this one, the earliest first; without it the latest. */
  after: wholeNumber.optional(),
  level: z.enum(LOG_LEVELS).default('debug'),
  limit: wholeNumber.pipe(z.number().min(1).max(500)).default(200),
});

/** The query of `GET /audit`. */
export const auditQuerySchema = z.strictObject({
  limit: wholeNumber.pipe(z.number().min(1).max(PAGE_ITEMS)).default(50),
  cursor: wholeNumber.optional(),
  /** In method, route, target, fields, who or address; upper and lower case are one. */
  contains: z.string().min(1).max(AUDIT_TEXT_CHARS).optional(),
  result: z.enum(AUDIT_RESULTS).optional(),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

/** The query of `GET /mirrors/:id/metrics`. */
export const metricsQuerySchema = z.strictObject({ range: z.enum(METRIC_RANGES).default('1h') });

/** The query of `GET /events`: without `since` the answer says where the events stand now. */
export const eventsQuerySchema = z.strictObject({
  since: wholeNumber.optional(),
  bootId: z.string().max(100).optional(),
  waitSeconds: wholeNumber.pipe(z.number().max(60)).default(25),
});
export type EventsQuery = z.infer<typeof eventsQuerySchema>;

const text = z.string().min(1).max(PATH_CHARS);

/** A mirror as the configuration has it, its keys in camelCase; what they may be is the configuration's to say. */
const mirrorSettingsSchema = z.strictObject({
  host: text,
  port: z.number(),
  user: text,
  path: text,
  identityFile: text,
  passwordFile: text,
  knownHosts: text,
  hostKey: text,
  required: z.boolean(),
  owner: text,
  bandwidthLimit: z.union([text, z.number()]),
});

/** The body of `POST /mirrors`. */
export const newMirrorSchema = mirrorSettingsSchema
  .partial()
  .required({ host: true, path: true })
  .extend({ id: text })
  .meta({ id: 'NewMirror' });
export type NewMirror = z.infer<typeof newMirrorSchema>;

/** The body of `POST /mirrors/test`: without `path` nobody logs in, and only the host key is looked at. */
export const triedMirrorSchema = newMirrorSchema.partial({ path: true }).meta({ id: 'TriedMirror' });
export type TriedMirror = z.infer<typeof triedMirrorSchema>;

/** The body of `PATCH /mirrors/:id`: null takes a setting back to its default. */
export const changedMirrorSchema = mirrorSettingsSchema.partial().extend({
  port: z.number().nullish(),
  user: text.nullish(),
  identityFile: text.nullish(),
  passwordFile: text.nullish(),
  knownHosts: text.nullish(),
  hostKey: text.nullish(),
  required: z.boolean().nullish(),
  owner: text.nullish(),
  bandwidthLimit: z.union([text, z.number()]).nullish(),
});
export type ChangedMirror = z.infer<typeof changedMirrorSchema>;

const WANTED_MODES = ['readWrite', 'readOnly'] as const;
/** What an operator may want of the mount; everything else is as things are. */
export type WantedMode = (typeof WANTED_MODES)[number];

/** The body of `POST /mode`. */
export const modeBodySchema = z.strictObject({
  mode: z.enum(WANTED_MODES),
  reason: z.string().max(REASON_CHARS).optional(),
});

/** The body of `PUT /config` and `POST /config/validate`: the whole file. */
export const configurationBodySchema = z.strictObject({ text: z.string().max(CONFIGURATION_BYTES) });

const secret = z.string().min(1).max(1000);
export const LEAST_PASSWORD_CHARS = 10;

/** A password that may be set. */
export const newPasswordSchema = secret.min(LEAST_PASSWORD_CHARS);

/** The body of `POST /session`; a form has one field for both, so either may hold the other. */
export const loginSchema = z.union([z.strictObject({ token: secret }), z.strictObject({ password: secret })]);

/** The body of `POST /password`. */
export const passwordBodySchema = z.strictObject({ current: secret, next: newPasswordSchema });

/** The body of `POST /setup`: the token that the appliance was started with, and the first password. */
export const setupBodySchema = z.strictObject({ token: secret, password: newPasswordSchema });

/** The body of `POST /tokens`; without `expiresAt` it is good until it is revoked. */
export const newTokenSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    scope: z.enum(SCOPES),
    expiresAt: z.iso
      .datetime({ offset: true })
      .refine((at) => Date.parse(at) > Date.now(), 'must be in the future')
      .optional(),
  })
  .meta({ id: 'NewToken' });
export type NewToken = z.infer<typeof newTokenSchema>;

/** The body of changes that an operator may explain. */
export const reasonBodySchema = z.strictObject({ reason: z.string().max(REASON_CHARS).optional() });

const seq = z.number().int().nonnegative();
const bootId = z.string().max(100);

/** What a page sends over the socket to begin, to go on after a lost connection, or to follow something else. */
export const subscribeSchema = z.strictObject({
  /** Without it the events go on where they are, or begin now. */
  since: z.strictObject({ seq, bootId }).optional(),
  /** Lines of the log after this one, of this level and worse; without it none. */
  log: z.strictObject({ after: seq, bootId, level: z.enum(LOG_LEVELS) }).optional(),
  /** New entries of the audit; without it none. */
  audit: z.literal(true).optional(),
});
export type Subscription = z.infer<typeof subscribeSchema>;
