import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IDEMPOTENCY_KEY } from '../../shared/requests.ts';
import { FirstAnswers } from './first-answers.ts';
import type { Access } from './gate.ts';
import { InvalidRequest } from './problem.ts';
import { digestOf } from './secrets.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a first request with an `Idempotency-Key`, which is under way; null on all others. */
    firstKey: string | null;
  }
}

/** On an answer that was given before. */
const REPLAYED = 'idempotency-replayed';
/** A string of RFC 9651 without escapes, or the same without its quotes, as many clients send it. */
const KEY = /^(?:"([ !#-[\]-~]{1,255})"|([!#-[\]-~]{1,255}))$/;
const FIRST_REFUSAL = 400;

/** `Idempotency-Key` for every route that creates: a request that comes again is answered as at first, and makes nothing. */
export function recogniseRepeatedCreation(app: FastifyInstance, nowMs: () => number): void {
  const answers = new FirstAnswers(nowMs);
  app.decorateRequest('firstKey', null);

  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined) return undefined;
    const first = answers.begin(key, fingerprintOf(request));
    if (!first) {
      request.firstKey = key;
      return undefined;
    }
    if (first.location !== undefined) reply.header('location', first.location);
    return reply.code(first.status).header(REPLAYED, 'true').type('application/json').send(first.payload);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { firstKey, routeOptions } = request;
    if (firstKey === null) return;
    request.firstKey = null;
    const told = routeOptions.config.spec?.creates === 'secret' ? null : String(payload);
    const location = reply.getHeader('location');
    const answer = {
      status: reply.statusCode,
      location: typeof location === 'string' ? location : undefined,
      payload: told,
    };
    answers.end(firstKey, reply.statusCode < FIRST_REFUSAL ? answer : undefined);
  });
}

/** Whether nothing was done for this answer, as it was given before. */
export function isReplay(reply: FastifyReply): boolean {
  return reply.hasHeader(REPLAYED);
}

/** With whose it is, so that nobody gets what another was answered. */
function keyOf({ headers, access, routeOptions }: FastifyRequest): string | undefined {
  const sent = headers[IDEMPOTENCY_KEY.toLowerCase()];
  if (sent === undefined || !access || !routeOptions.config.spec?.creates) return undefined;
  const [, quoted, bare] = KEY.exec(String(sent)) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined) return `${loginOf(access)} ${key}`;
  const message = 'must be a string of at most 255 printable ASCII characters';
  throw new InvalidRequest(`${IDEMPOTENCY_KEY} is not valid`, [
    { pointer: '/header/idempotency-key', message },
  ]);
}

function loginOf(access: Access): string {
  if (access.by === 'session') return `session ${access.key}`;
  return `token ${access.grant.tokenId ?? 'of the start'}`;
}

function fingerprintOf({ method, url, body }: FastifyRequest): string {
  return digestOf(JSON.stringify([method, url, body ?? null])).toString('base64');
}
