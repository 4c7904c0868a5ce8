import { z } from 'zod';

/** One change that somebody made, or was refused, through the control plane. */
export const auditEntrySchema = z
  .object({
    id: z.number().int(),
    at: z.iso.datetime(),
    method: z.string(),
    /** As the OpenAPI document has it, with `{id}`. */
    route: z.string(),
    /** What the route's `{id}` stood for. */
    target: z.string().nullable(),
    /** The names of the fields that were sent; never what they said. */
    fields: z.array(z.string()),
    status: z.number().int(),
    /** `login`: who came in by it. */
    by: z.enum(['token', 'session', 'login']),
    /** The name of the token; null for the one of the start, and for the password. */
    token: z.string().nullable(),
    address: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Newest first. */
export const auditListSchema = z
  .object({ items: z.array(auditEntrySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditList' });
export type AuditList = z.infer<typeof auditListSchema>;
