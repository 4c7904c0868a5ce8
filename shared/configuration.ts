import { z } from 'zod';

/** When a change of a key applies: at once, after a restart, or only where it is made in the file itself. */
export const APPLIES = ['now', 'restart', 'fileOnly'] as const;
const appliesSchema = z.enum(APPLIES);

/** A key of the configuration file; in one of any mirror, `*` stands for its name. */
export const configurationKeySchema = z
  .object({
    key: z.string(),
    description: z.string(),
    /** What its value looks like. */
    form: z.string(),
    /** What leaving it out means; null where that is nothing, or a mistake. */
    default: z.string().nullable(),
    required: z.boolean(),
    applies: appliesSchema,
  })
  .meta({ id: 'ConfigurationKey' });
export type ConfigurationKey = z.infer<typeof configurationKeySchema>;
