import type { z } from 'zod';
import { ERROR_CATALOGUE, type ErrorCode } from '../../shared/error-codes.ts';
import type { ProblemDetails } from '../../shared/api.ts';
import { jsonPointer } from '../../shared/json-pointer.ts';
import { AppError } from '../base/errors.ts';
import { ConfigurationError, mistakesIn } from '../config/problem.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

type RequestMistake = ProblemDetails['errors'][number];

const MISTAKES_SHOWN = 20;
const DETAIL_CHARS = 1000;

/** A request that breaks the contract: every mistake with its place. */
export class InvalidRequest extends AppError {
  readonly mistakes: readonly RequestMistake[];

  constructor(message: string, mistakes: readonly RequestMistake[] = []) {
    super('REQUEST_INVALID', message);
    this.mistakes = mistakes;
  }
}

/** Checks what a client sent against its schema. Throws InvalidRequest that names each mistake. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: 'query' | 'body',
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap((issue) => mistakesOf(issue, place));
  throw new InvalidRequest(`The ${place} has mistakes`, mistakes.slice(0, MISTAKES_SHOWN));
}

/** The RFC 9457 form of whatever a handler threw. What a bug says stays in the log. */
export function problemOf(thrown: unknown): ProblemDetails {
  const error = toAppError(thrown);
  const row = ERROR_CATALOGUE[error.code];
  return {
    type: `urn:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: row.title,
    status: row.httpStatus,
    detail: error.code === 'BUG' ? row.title : capped(error.message, DETAIL_CHARS),
    code: error.code,
    retryable: row.retryable,
    errors: mistakesOfError(error),
  };
}

function mistakesOfError(error: AppError): RequestMistake[] {
  if (error instanceof InvalidRequest) return [...error.mistakes];
  return error instanceof ConfigurationError ? mistakesIn(error) : [];
}

/** Translates what Fastify throws about a request; everything else unknown is a bug. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const status = numberOf(thrown, 'statusCode');
  if (status === undefined || status < 400 || status >= 500) {
    return new AppError('BUG', undefined, { cause: thrown });
  }
  return new AppError(REFUSALS[status] ?? 'REQUEST_INVALID', undefined, { cause: thrown });
}

const REFUSALS: Readonly<Record<number, ErrorCode>> = { 404: 'RESOURCE_NOT_FOUND', 413: 'REQUEST_TOO_LARGE' };

function mistakesOf(issue: z.core.$ZodIssue, place: string): RequestMistake[] {
  const path = [place, ...issue.path];
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: jsonPointer(path), message: capped(issue.message, DETAIL_CHARS) }];
  return issue.keys.map((key) => ({ pointer: jsonPointer([...path, key]), message: 'is not known' }));
}

function numberOf(thrown: unknown, key: string): number | undefined {
  const value: unknown = thrown instanceof Error ? Reflect.get(thrown, key) : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** Whoever shows it escapes it; here it only may not grow without limit. */
function capped(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
}
