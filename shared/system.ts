import { z } from 'zod';
import { mirrorListSchema, overviewSchema, readinessSchema } from './api.ts';
import { jobListSchema } from './jobs.ts';
import { logLineSchema } from './log.ts';

const bytes = z.number().int().nonnegative();

/** The process that serves, and what it keeps. */
export const systemViewSchema = z
  .object({
    version: z.string(),
    node: z.string(),
    platform: z.string(),
    kernel: z.string(),
    processors: z.number().int(),
    pid: z.number().int(),
    startedAt: z.iso.datetime(),
    uptimeSeconds: z.number(),
    memory: z.object({ residentBytes: bytes, heapBytes: bytes, machineFreeBytes: bytes }),
    /** How much later than asked for its timers come, in the last minute or since the start. */
    loopLagMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
    mount: z.object({
      point: z.string(),
      driver: z.string(),
      driverReason: z.string(),
      mounted: z.boolean(),
    }),
    /** What is kept in the state directory, by its name there. */
    state: z.array(z.object({ name: z.string(), bytes })),
    readiness: readinessSchema,
  })
  .meta({ id: 'System' });
export type SystemView = z.infer<typeof systemViewSchema>;

/** What somebody who helps needs to see, without content of files and without secrets. */
export const diagnosticsSchema = z
  .object({
    at: z.iso.datetime(),
    system: systemViewSchema,
    overview: overviewSchema,
    mirrors: mirrorListSchema,
    jobs: jobListSchema,
    log: z.array(logLineSchema),
  })
  .meta({ id: 'Diagnostics' });
export type Diagnostics = z.infer<typeof diagnosticsSchema>;
