import { createHmac, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Reason } from '../../shared/api.ts';
import { VERSION } from '../appliance/version.ts';
import { AppError } from '../base/errors.ts';

const ATTEMPT_MS = 5000;
const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
/** What Node calls a failure; anything else in an error may be the receiver's own words. */
const ERROR_CODE = /^[A-Z0-9_]{1,60}$/;

/** Where a webhook is sent to, and what it is signed with. */
export interface Receiver {
  readonly url: string;
  readonly secret: string;
}

/** How one attempt ended: nothing of the receiver but its status. */
export interface Attempt {
  readonly status: number | null;
  readonly error: Reason | null;
}

/** A new secret, as the Standard Webhooks specification writes it. */
export function newWebhookSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * Sends a body once, signed and with a deadline, and never rejects. Redirects are not followed, and nothing of what the receiver
 * says is read but its status: who may name addresses must not get to read what they serve.
 */
export async function sendWebhook(
  { url, secret }: Receiver,
  id: string,
  body: string,
  signal: AbortSignal,
): Promise<Attempt> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers = {
    'content-type': 'application/json',
    'user-agent': `Proxyfs/${VERSION}`,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatureOf(secret, `${id}.${timestamp}.${body}`),
  };
  try {
    const status = await statusOf(url, headers, body, signal);
    return { status, error: refusalOf(status) };
  } catch (thrown) {
    return { status: null, error: silenceOf(thrown) };
  }
}

function signatureOf(secret: string, content: string): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

function statusOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const to = new URL(url);
    const send = to.protocol === 'https:' ? secureRequest : request;
    const sent = send(to, { method: 'POST', headers, agent: false, signal });
    sent.on('error', reject);
    const late = new AppError('WEBHOOK_TIMEOUT', `no answer within ${ATTEMPT_MS / 1000} s`);
    const deadline = setTimeout(() => sent.destroy(late), ATTEMPT_MS);
    sent.once('close', () => {
      clearTimeout(deadline);
      reject(new Error('closed without an answer'));
    });
    sent.once('response', (answer) => {
      resolve(answer.statusCode ?? 0);
      answer.on('error', () => {});
      sent.destroy();
    });
    sent.end(body);
  });
}

function refusalOf(status: number): Reason | null {
  if (status >= 200 && status < 300) return null;
  const redirected = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { code: 'WEBHOOK_REFUSED', message: `the receiver answered ${status}${redirected}` };
}

function silenceOf(thrown: unknown): Reason {
  if (thrown instanceof AppError) return { code: thrown.code, message: thrown.message };
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  const known = typeof code === 'string' && ERROR_CODE.test(code) ? ` (${code})` : '';
  return { code: 'WEBHOOK_UNREACHABLE', message: `no answer${known}` };
}
