import { z } from 'zod';
import { mistakeSchema } from './api.ts';

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

/** A key that says something else, and when that applies; of a mirror `mirrors.NAME`. */
const configurationChangeSchema = z.object({ key: z.string(), applies: appliesSchema });
export type ConfigurationChange = z.infer<typeof configurationChangeSchema>;

/** The answer of `GET /config`. The format has no keys for secrets, so none are told. */
export const configurationViewSchema = z
  .object({
    /** The file as it stands on the disk. */
    text: z.string(),
    /** For `If-Match`. */
    etag: z.string(),
    /** Its values with their defaults; null where it has mistakes. */
    value: z.record(z.string(), z.unknown()).nullable(),
    errors: z.array(mistakeSchema),
    /** What the file says, and what runs does not do yet. */
    waiting: z.array(configurationChangeSchema),
    keys: z.array(configurationKeySchema),
  })
  .meta({ id: 'Configuration' });
export type ConfigurationView = z.infer<typeof configurationViewSchema>;

/** The answer of `POST /config/validate`. */
export const configurationVerdictSchema = z
  .object({
    valid: z.boolean(),
    errors: z.array(mistakeSchema),
    /** Against the file as it is. */
    changes: z.array(configurationChangeSchema),
  })
  .meta({ id: 'ConfigurationVerdict' });
export type ConfigurationVerdict = z.infer<typeof configurationVerdictSchema>;

const configurationVersionSchema = z
  .object({ id: z.string(), replacedAt: z.iso.datetime(), sizeBytes: z.number().int() })
  .meta({ id: 'ConfigurationVersion' });
export type ConfigurationVersion = z.infer<typeof configurationVersionSchema>;

/** Newest first. */
export const configurationVersionsSchema = z
  .object({ items: z.array(configurationVersionSchema), nextCursor: z.null() })
  .meta({ id: 'ConfigurationVersions' });

export const configurationVersionTextSchema = z
  .object({ id: z.string(), text: z.string() })
  .meta({ id: 'ConfigurationVersionText' });
