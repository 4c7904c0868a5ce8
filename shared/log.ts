import { z } from 'zod';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line of the log: an event that programs can match on, and fields that say the rest. */
export const logLineSchema = z
  .object({
    /** Counts up within one run of the appliance. */
    seq: z.number().int(),
    at: z.iso.datetime(),
    level: z.enum(LOG_LEVELS),
    event: z.string(),
    fields: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof logLineSchema>;

/** Oldest first. Hand `seq` back as `after` for what came since; `bootId` is another one after a restart. */
export const logPageSchema = z
  .object({ items: z.array(logLineSchema), seq: z.number().int(), bootId: z.string() })
  .meta({ id: 'LogPage' });
export type LogPage = z.infer<typeof logPageSchema>;
