import { z } from 'zod';
import { ERROR_CATALOGUE, type ErrorCode } from './error-codes.ts';
import {
  APPLIANCE_MODES,
  CONTENT_STATES,
  LINK_STATES,
  OPERATION_KINDS,
  PARTICIPANT_STATES,
  TRANSACTION_STATES,
  TRIAL_STEPS,
} from './states.ts';

/** Where the control plane's version 1 lives. */
export const API_PREFIX = '/api/v1';

/** RFC 3339 in UTC. */
const time = z.iso.datetime();
const count = z.number().int().nonnegative();

const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]];
/** A code of the catalogue. */
export const errorCodeSchema = z.enum(ERROR_CODES);

/** Why something is as it is: a code for programs and a sentence for people. Remote text in it is untrusted. */
export const reasonSchema = z.object({ code: errorCodeSchema, message: z.string() });
export type Reason = z.infer<typeof reasonSchema>;

/** Round trips of the last minutes. */
export const roundTripSchema = z.object({ p50: z.number().nonnegative(), p95: z.number().nonnegative() });
export type RoundTrip = z.infer<typeof roundTripSchema>;

/** What the mirror's server offers; `maxWriteBytes` is the largest piece it takes in one request. */
export const mirrorCapabilitiesSchema = z.object({
  posixRename: z.boolean(),
  hardlink: z.boolean(),
  fsync: z.boolean(),
  statvfs: z.boolean(),
  lsetstat: z.boolean(),
  maxWriteBytes: count,
  /** Whether files get the owners that they have locally. */
  owners: z.boolean(),
  /** How far the server's clock is ahead at least, negative where it is behind; null where it is not known. */
  clockAheadMs: z.number().int().nullable(),
  /** What is promised less than for a mirror whose server has all of it, in words; empty for a full guarantee. */
  lacks: z.array(z.string()),
});

/** One mirror as an operator sees it. `id` is its name in the configuration. */
export const mirrorViewSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    port: z.number().int(),
    path: z.string(),
    required: z.boolean(),
    detached: z.boolean(),
    /** Added lately: no change counts on it before it has all content. */
    joining: z.boolean(),
    link: z.enum(LINK_STATES),
    content: z.enum(CONTENT_STATES),
    reason: reasonSchema.optional(),
    linkSince: time,
    contentSince: time,
    stalePaths: count,
    rttMs: roundTripSchema.nullable(),
    freeBytes: count.nullable(),
    capabilities: mirrorCapabilitiesSchema.nullable(),
    lastOkAt: time.nullable(),
    /** When the whole of it was last compared with the local tree. */
    lastScrubAt: time.nullable(),
  })
  .meta({ id: 'Mirror' });
export type MirrorView = z.infer<typeof mirrorViewSchema>;

/** One mirror's part in one transaction; `attempt` is 0 before the first. */
export const participantViewSchema = z
  .object({
    mirror: z.string(),
    state: z.enum(PARTICIPANT_STATES),
    attempt: count,
    attempts: count,
    nextRetryAt: time.optional(),
    error: reasonSchema.optional(),
  })
  .meta({ id: 'Participant' });
export type ParticipantView = z.infer<typeof participantViewSchema>;

export const OUTCOMES = ['committed', 'rolled-back'] as const;
/** How a transaction ended. */
export type Outcome = (typeof OUTCOMES)[number];

/** What the caller of the failed call was told. */
export const transactionErrorSchema = reasonSchema.extend({ errno: z.string() });

/** One transaction; `endedAt`, `outcome` and, where rolled back, `error` appear when it is over. */
export const transactionViewSchema = z
  .object({
    id: z.string(),
    operation: z.enum(OPERATION_KINDS),
    path: z.string(),
    to: z.string().optional(),
    sizeBytes: count.optional(),
    /** Whose program asked for it; missing where the mount isn't told. */
    uid: count.optional(),
    state: z.enum(TRANSACTION_STATES),
    startedAt: time,
    endedAt: time.optional(),
    outcome: z.enum(OUTCOMES).optional(),
    error: transactionErrorSchema.optional(),
    participants: z.array(participantViewSchema),
  })
  .meta({ id: 'Transaction' });
export type TransactionView = z.infer<typeof transactionViewSchema>;

/** A step of a transaction: of one mirror's part, or of the whole where `mirror` is null. */
const timelineEntrySchema = z.object({
  /** Since `startedAt`. */
  afterMs: count,
  mirror: z.string().nullable(),
  state: z.enum([...TRANSACTION_STATES, ...PARTICIPANT_STATES]),
  /** Which one this belongs to; 0 before the first, and for the whole. */
  attempt: count,
  error: reasonSchema.optional(),
});

/** One transaction with its steps in order; of very many the first ones are kept, and the number left out. */
export const transactionDetailSchema = transactionViewSchema
  .extend({ timeline: z.array(timelineEntrySchema), timelineLeftOut: count })
  .meta({ id: 'TransactionDetail' });
export type TransactionDetail = z.infer<typeof transactionDetailSchema>;

/** Totals since `bootId` began; exact, also while events are sampled. */
export const countersSchema = z.object({
  committed: count,
  rolledBack: count,
  retries: count,
  /** Ended transactions that the history lacks, as the disk was too slow or took nothing. */
  missingInHistory: count,
});
export type Counters = z.infer<typeof countersSchema>;

/** Something that needs a person: what, since when, and which mirror's, transaction's or job's buttons help. */
export const attentionItemSchema = z
  .object({
    id: z.string(),
    severity: z.enum(['warning', 'critical']),
    code: errorCodeSchema,
    message: z.string(),
    openedAt: time,
    mirror: z.string().optional(),
    transaction: z.string().optional(),
    job: z.string().optional(),
  })
  .meta({ id: 'AttentionItem' });
export type AttentionItem = z.infer<typeof attentionItemSchema>;

export const attentionListSchema = z
  .object({ items: z.array(attentionItemSchema), nextCursor: z.null() })
  .meta({ id: 'AttentionList' });

/** The first page in one answer. Both lists of transactions are newest first and capped; `count` is exact. */
export const overviewSchema = z
  .object({
    mode: z.enum(APPLIANCE_MODES),
    reason: z.string(),
    mount: z.object({
      point: z.string(),
      driver: z.string(),
      /** Why it is this driver. */
      driverReason: z.string(),
      mounted: z.boolean(),
    }),
    mirrors: z.array(mirrorViewSchema),
    inFlight: z.object({ count, items: z.array(transactionViewSchema) }),
    recent: z.array(transactionViewSchema),
    counters: countersSchema,
    /** How transactions ended in the last 24 hours, also before a restart. */
    outcomes24h: z.object({ committed: count, rolledBack: count }),
    attention: z.array(attentionItemSchema),
    seq: count,
    bootId: z.string(),
    version: z.string(),
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof overviewSchema>;

export const mirrorListSchema = z
  .object({ items: z.array(mirrorViewSchema), nextCursor: z.null() })
  .meta({ id: 'MirrorList' });
export type MirrorList = z.infer<typeof mirrorListSchema>;

/** A page may hold fewer than `limit`, even none, and go on: so much is looked through for one answer. */
export const transactionListSchema = z
  .object({
    items: z.array(transactionViewSchema),
    /** Hand it back as `cursor`, with the same filters, for the next page; null after the last. */
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'TransactionList' });
export type TransactionList = z.infer<typeof transactionListSchema>;

/** The answer to detach, attach and retry of a mirror; `changed` is false where it already was so. */
export const mirrorChangeSchema = z
  .object({ changed: z.boolean(), mirror: mirrorViewSchema })
  .meta({ id: 'MirrorChange' });
export type MirrorChange = z.infer<typeof mirrorChangeSchema>;

/** The answer to `POST /mirrors/test`. */
export const mirrorTrialSchema = z
  .object({
    /** Where it failed, and why; null where nothing is in the way. */
    failure: reasonSchema.extend({ step: z.enum(TRIAL_STEPS) }).nullable(),
    /** The key that the server shows, where it is not trusted; `expected` is the one that was. */
    hostKey: z
      .object({ keyType: z.string(), fingerprint: z.string(), expected: z.string().nullable() })
      .nullable(),
    freeBytes: count.nullable(),
    rttMs: roundTripSchema.nullable(),
    /** As in its capabilities. */
    lacks: z.array(z.string()),
  })
  .meta({ id: 'MirrorTrial' });
export type MirrorTrial = z.infer<typeof mirrorTrialSchema>;

/** The answer to `POST /mode`; `changed` is false where it already was so. */
export const modeChangeSchema = z
  .object({
    changed: z.boolean(),
    mode: z.enum(APPLIANCE_MODES),
    reason: z.string(),
  })
  .meta({ id: 'ModeChange' });
export type ModeChange = z.infer<typeof modeChangeSchema>;

/** The answer (202) to retry and cancel of a transaction: the wish is taken note of, the end is an event. */
export const acceptedSchema = z
  .object({ accepted: z.literal(true), transaction: z.string() })
  .meta({ id: 'Accepted' });
export type Accepted = z.infer<typeof acceptedSchema>;

/** The answer of `/healthz`. */
export const livenessSchema = z.object({ status: z.literal('alive') }).meta({ id: 'Liveness' });

export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readinessSchema>;

/** A mistake in what was sent: its place, also in the text where it is one. */
export const mistakeSchema = z.object({
  pointer: z.string(),
  message: z.string(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
});

export type Mistake = z.infer<typeof mistakeSchema>;

/** RFC 9457, `application/problem+json`. `errors` names each mistake of the request by its place. */
export const problemDetailsSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: errorCodeSchema,
    retryable: z.boolean(),
    errors: z.array(mistakeSchema),
  })
  .meta({ id: 'Problem' });
export type ProblemDetails = z.infer<typeof problemDetailsSchema>;
