import type { z } from 'zod';
import { API_PREFIX } from '../../../shared/api.ts';
import { RequestFailure, asFailure, failureOf } from './problem.ts';
import { goToLogin } from './session-end.ts';

const LIMIT_MS = 10_000;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface RequestOptions {
  readonly body?: unknown;
  /** The ETag of what may be changed. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
  /** For what takes the server long. */
  readonly limitMs?: number;
}

/** An address of the server that also holds under a sub-path behind a proxy. */
export function serverAddress(path: string): URL {
  return new URL(path.replace(/^\//, ''), document.baseURI);
}

/**
 * Calls the REST API with the session's cookie and checks the answer's shape. Rejects with RequestFailure;
 * without a valid session the page goes to the login.
 */
export async function request<Schema extends z.ZodType>(
  method: Method,
  path: string,
  schema: Schema,
  options: RequestOptions = {},
): Promise<z.infer<Schema>> {
  const response = await send(method, path, options);
  const body = await bodyOf(response);
  if (response.status === 401) goToLogin();
  if (!response.ok) throw failureOf(response.status, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new RequestFailure('UNREADABLE', parsed.error.message, { status: response.status });
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const limit = AbortSignal.timeout(options.limitMs ?? LIMIT_MS);
  const headers = new Headers({ accept: 'application/json' });
  if (options.ifMatch !== undefined) headers.set('if-match', options.ifMatch);
  const init: RequestInit = {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    signal: options.signal ? AbortSignal.any([limit, options.signal]) : limit,
  };
  if (options.body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(serverAddress(`${API_PREFIX}${path}`), init);
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (thrown) {
    // What a proxy in between says need not be JSON; the status tells then.
    if (!response.ok) return undefined;
    throw new RequestFailure('UNREADABLE', 'The answer is not JSON', {
      status: response.status,
      cause: thrown,
    });
  }
}
