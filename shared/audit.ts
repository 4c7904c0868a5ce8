import { z } from 'zod';

/** How a change ended: `refused` is whatever its status says was not done. */
export const AUDIT_RESULTS = ['done', 'refused'] as const;
export type AuditResult = (typeof AUDIT_RESULTS)[number];

/** The longest text that the audit is searched for. */
export const AUDIT_TEXT_CHARS = 200;

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

/** Status codes from here on say that nothing was done. */
const FIRST_REFUSAL = 400;

/** How a change ended, by its HTTP status. */
export function auditResultOf(status: number): AuditResult {
  return status < FIRST_REFUSAL ? 'done' : 'refused';
}
