import { z } from 'zod';
import { errorCodeSchema, reasonSchema } from './api.ts';
import { DIVERGENCE_KINDS, JOB_PHASES, JOB_STATES } from './states.ts';

/** PATH_MAX of Linux (limits.h). */
const PATH_CHARS = 4096;
const count = z.number().int().nonnegative();
const time = z.iso.datetime();

export const COMPARE_MODES = ['quick', 'content'] as const;

const path = z.string().min(1).max(PATH_CHARS).default('/');
const flag = z.boolean().default(false);

export const JOB_STARTERS = ['operator', 'schedule'] as const;
/** Who wanted a job. */
export type JobStarter = (typeof JOB_STARTERS)[number];

/** The body of `POST /mirrors/:id/resync`. */
export const resyncBodySchema = z.strictObject({
  path,
  compare: z.enum(COMPARE_MODES).default('quick'),
  /** Only say what would be done. */
  dryRun: flag,
  /** Overwrite a mirror that was refused at first contact. */
  adopt: flag,
  /** Also where very much would be removed. */
  confirm: flag,
});

/** The body of `POST /jobs`. */
export const jobRequestSchema = z.discriminatedUnion('type', [
  resyncBodySchema.extend({ type: z.literal('resync'), mirror: z.string().max(PATH_CHARS) }),
  z.strictObject({
    type: z.literal('scrub'),
    /** Without it each mirror, one after the other. */
    mirror: z.string().max(PATH_CHARS).optional(),
    path,
    compare: z.enum(COMPARE_MODES).default('quick'),
    /** Make the mirrors equal where they differ, also by removing what only they have. */
    repair: flag,
    confirm: flag,
  }),
]);
export type JobRequest = z.output<typeof jobRequestSchema>;

/** A resync or a scrub; `endedAt` and, where it failed, `error` appear when it is over. */
export const jobViewSchema = z
  .object({
    id: z.string(),
    type: z.enum(['resync', 'scrub']),
    /** null: each of them. */
    mirror: z.string().nullable(),
    path: z.string(),
    compare: z.enum(COMPARE_MODES),
    /** Whether it may change anything. */
    repairs: z.boolean(),
    state: z.enum(JOB_STATES),
    phase: z.enum(JOB_PHASES),
    startedBy: z.enum(JOB_STARTERS),
    /** How often it was begun anew, since the appliance had ended in the middle of it. */
    restarts: count,
    startedAt: time,
    endedAt: time.optional(),
    error: reasonSchema.optional(),
    currentPath: z.string().nullable(),
    /** Compared so far. */
    entries: count,
    comparedBytes: count,
    /** What there is to compare; null while that isn't known. A guess, as the tree changes meanwhile. */
    total: z.object({ entries: count, bytes: count }).nullable(),
    divergences: count,
    /** Of these: every mirror says the same against the local tree. Never repaired by a scrub. */
    localSuspected: count,
    /** What could not be compared. */
    problems: count,
    /** Files of which the mirror can't tell whether they have the right names (hard links). */
    unknownLinks: count,
    /** What making the mirrors equal takes, as far as is known. */
    plan: z.object({ copies: count, copyBytes: count, changes: count, removals: count }),
    repaired: z.object({ paths: count, bytes: count }),
    /** Both of the phase: compared, or repaired. */
    entriesPerSecond: count.nullable(),
    bytesPerSecond: count.nullable(),
    etaSeconds: count.nullable(),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof jobViewSchema>;

export const jobListSchema = z
  .object({ items: z.array(jobViewSchema), nextCursor: z.null() })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof jobListSchema>;

const divergenceViewSchema = z.object({
  mirror: z.string(),
  path: z.string(),
  kinds: z.array(z.enum(DIVERGENCE_KINDS)),
  localSuspected: z.boolean(),
});

/** What a job found, path by path; capped, with the number left out. */
export const jobItemsSchema = z
  .object({
    divergences: z.array(divergenceViewSchema),
    divergencesLeftOut: count,
    problems: z.array(
      z.object({ mirror: z.string(), path: z.string(), code: errorCodeSchema, message: z.string() }),
    ),
    problemsLeftOut: count,
  })
  .meta({ id: 'JobItems' });
export type JobItems = z.infer<typeof jobItemsSchema>;
