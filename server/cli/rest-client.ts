import { z } from 'zod';
import { API_PREFIX, problemDetailsSchema } from '../../shared/api.ts';
import { AppError } from '../base/errors.ts';

const LIMIT_MS = 10_000;

/** Calls the REST API of a running appliance and checks what it answers. */
export class RestClient {
  readonly #base: URL;
  readonly #token: string;

  constructor(base: URL, token: string) {
    this.#base = base;
    this.#token = token;
  }

  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
    return this.#call('GET', path, undefined, schema);
  }

  post<Schema extends z.ZodType>(path: string, body: object, schema: Schema): Promise<z.infer<Schema>> {
    return this.#call('POST', path, body, schema);
  }

  patch<Schema extends z.ZodType>(path: string, body: object, schema: Schema): Promise<z.infer<Schema>> {
    return this.#call('PATCH', path, body, schema);
  }

  put<Schema extends z.ZodType>(
    path: string,
    body: object,
    etag: string,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    return this.#call('PUT', path, body, schema, { 'if-match': etag });
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path, undefined, z.undefined());
  }

  async #call<Schema extends z.ZodType>(
    method: string,
    path: string,
    body: object | undefined,
    schema: Schema,
    more: Readonly<Record<string, string>> = {},
  ): Promise<z.infer<Schema>> {
    const { ok, status, value } = await this.#fetch(method, path, body, more);
    if (!ok) throw failureOf(status, value);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new AppError('INPUT_OUTPUT', `${this.#base.origin} answers differently: is it another version?`);
  }

  async #fetch(
    method: string,
    path: string,
    body: object | undefined,
    more: Readonly<Record<string, string>>,
  ) {
    const headers = { ...more, authorization: `Bearer ${this.#token}`, accept: 'application/json' };
    try {
      const response = await fetch(new URL(`.${API_PREFIX}${path}`, this.#base), {
        method,
        headers: body ? { ...headers, 'content-type': 'application/json' } : headers,
        body: body ? JSON.stringify(body) : null,
        redirect: 'error',
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      return { ok: response.ok, status: response.status, value: jsonOf(await response.text()) };
    } catch (cause) {
      const reason = reasonOf(cause);
      throw new AppError('APPLIANCE_UNREACHABLE', `${this.#base.origin} cannot be reached: ${reason}`, {
        cause,
      });
    }
  }
}

function failureOf(status: number, value: unknown): AppError {
  const problem = problemDetailsSchema.safeParse(value);
  if (!problem.success)
    return new AppError(status === 401 ? 'UNAUTHORIZED' : 'INPUT_OUTPUT', `HTTP status ${status}`);
  const { code, detail, errors } = problem.data;
  const places = errors.map(({ pointer, message }) => `${pointer} ${message}`);
  return new AppError(code, [detail, ...places].join('; '));
}

/** undefined where it isn't JSON, as from another program on that port. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch() hides what happened in the cause of its error. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === 'TimeoutError') return `no answer within ${LIMIT_MS / 1000} s`;
  const code: unknown = thrown.cause instanceof Error ? Reflect.get(thrown.cause, 'code') : undefined;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  return thrown.cause instanceof Error && thrown.cause.message ? thrown.cause.message : thrown.message;
}
