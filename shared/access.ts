import { z } from 'zod';
import { SCOPES } from './states.ts';

/** RFC 3339 in UTC. */
const time = z.iso.datetime();

/** The answer of `GET /session`. */
export const whoSchema = z
  .object({ by: z.enum(['token', 'session']), scope: z.enum(SCOPES) })
  .meta({ id: 'Who' });

/** The login of a browser. `agent` is what it calls itself. */
export const sessionViewSchema = z
  .object({
    id: z.string(),
    address: z.string(),
    agent: z.string(),
    openedAt: time,
    lastUsedAt: time,
    /** The one that asks. */
    current: z.boolean(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof sessionViewSchema>;

export const sessionListSchema = z
  .object({ items: z.array(sessionViewSchema), nextCursor: z.null() })
  .meta({ id: 'SessionList' });

/** The answer of `GET /setup`. */
export const setupSchema = z.object({ passwordSet: z.boolean() }).meta({ id: 'Setup' });

/** A token without what makes it one. */
export const tokenViewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scope: z.enum(SCOPES),
    createdAt: time,
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'Token' });
export type TokenView = z.infer<typeof tokenViewSchema>;

export const tokenListSchema = z
  .object({ items: z.array(tokenViewSchema), nextCursor: z.null() })
  .meta({ id: 'TokenList' });

/** The answer to `POST /tokens`, the only one that tells the token itself. */
export const newTokenViewSchema = tokenViewSchema
  .extend({ token: z.string() })
  .meta({ id: 'NewlyMadeToken' });
