import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import { auditListSchema } from '../../shared/audit.ts';
import { logPageSchema } from '../../shared/log.ts';
import { auditQuerySchema, logQuerySchema } from '../../shared/requests.ts';
import type { Scope } from '../../shared/states.ts';
import type { LogRing } from '../base/log-ring.ts';
import type { Audit } from './audit.ts';
import { openApiPath, route } from './route.ts';
import type { Gate } from './gate.ts';
import type { Tokens } from './tokens.ts';

/** What it takes to read them, and to follow them live. */
export const RECORDS_SCOPE: Scope = 'admin';

/** What happened: the log of this run, and who changed what. */
export function recordRoutes(app: FastifyInstance, log: LogRing, audit: Audit): void {
  route(
    app,
    {
      method: 'GET',
      path: `${API_PREFIX}/log`,
      scope: RECORDS_SCOPE,
      summary: 'The latest lines of the log of this run, or what came after one; oldest first',
      query: logQuerySchema,
      answer: logPageSchema,
    },
    ({ query }) => ({ ...log.read(query), bootId: log.bootId }),
  );

  route(
    app,
    {
      method: 'GET',
      path: `${API_PREFIX}/audit`,
      scope: RECORDS_SCOPE,
      summary: 'Who changed what through the control plane, newest first',
      query: auditQuerySchema,
      answer: auditListSchema,
    },
    ({ query }) => audit.list(query),
  );
}

/** Notes every change by whoever was let in, and every login. What strangers are refused is the log's: it may be very much. */
export function noteChange(
  request: FastifyRequest,
  reply: FastifyReply,
  { audit, tokens, gate }: { audit: Audit; tokens: Tokens; gate: Gate },
): void {
  const { access, method, params, body, routeOptions } = request;
  const { spec } = routeOptions.config;
  if (method === 'GET' || method === 'HEAD' || !spec) return;
  if (!access && reply.statusCode >= 400) return;
  const tokenId = access?.grant.tokenId;
  audit.add({
    method,
    route: openApiPath(spec.path),
    target: (params as { id?: string }).id ?? null,
    fields: typeof body === 'object' && body !== null ? Object.keys(body).slice(0, 50) : [],
    status: reply.statusCode,
    by: access?.by ?? 'login',
    token: (tokenId && tokens.nameOf(tokenId)) ?? null,
    address: gate.addressOf(request.raw),
  });
}
