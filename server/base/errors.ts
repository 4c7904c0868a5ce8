import { ERROR_CATALOGUE, type ErrorCode, type ErrorRow } from '../../shared/error-codes.ts';

/** What else is known of a failure: plain values that may be shown to an operator, never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/** The one kind of failure that crosses folders: a code of the catalogue, a sentence, and its cause. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message?: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    const { title, actor } = ERROR_CATALOGUE[code];
    const { stackTraceLimit } = Error;
    // What a caller is told of every missing name has no use for a stack, which costs more than all the rest.
    if (actor === 'caller') Error.stackTraceLimit = 0;
    super(message ?? title, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.details = options.details ?? {};
  }

  get row(): ErrorRow {
    return ERROR_CATALOGUE[this.code];
  }
}

/** Makes an AppError of whatever was thrown; what is not one already is a bug. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('BUG', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

export function hasCode(thrown: unknown, ...codes: ErrorCode[]): thrown is AppError {
  return thrown instanceof AppError && codes.includes(thrown.code);
}

/** States what must be so by construction; a failure is a bug, never bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AppError('BUG', `invariant broken: ${message}`);
}
