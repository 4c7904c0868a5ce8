import { problemDetailsSchema } from '../../../shared/api.ts';
import { ERROR_CATALOGUE, type ErrorCode } from '../../../shared/error-codes.ts';

/** Why a request failed: a code of the catalogue, or that there was no answer, or one that makes no sense. */
export type FailureCode = ErrorCode | 'NO_ANSWER' | 'UNREADABLE';

/** The one kind of failure of the control plane's calls. The message may hold remote text: escape it. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly code: FailureCode;
  readonly status: number | undefined;

  constructor(code: FailureCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }
}

const OWN_TITLES: Record<Exclude<FailureCode, ErrorCode>, string> = {
  NO_ANSWER: 'The server does not answer',
  UNREADABLE: 'The server answered something this page does not understand',
};

/** The catalogue's words for a failure. */
export function failureTitle(code: FailureCode): string {
  return code === 'NO_ANSWER' || code === 'UNREADABLE' ? OWN_TITLES[code] : ERROR_CATALOGUE[code].title;
}

/** Reads an answer of another status than asked for. */
export function failureOf(status: number, body: unknown): RequestFailure {
  const problem = problemDetailsSchema.safeParse(body);
  if (!problem.success) return new RequestFailure('UNREADABLE', `HTTP status ${status}`, { status });
  const mistakes = problem.data.errors.map((mistake) => `${mistake.pointer}: ${mistake.message}`);
  return new RequestFailure(problem.data.code, [problem.data.detail, ...mistakes].join('; '), { status });
}

/** Makes a RequestFailure of whatever was thrown. */
export function asFailure(thrown: unknown): RequestFailure {
  if (thrown instanceof RequestFailure) return thrown;
  return new RequestFailure('NO_ANSWER', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}
