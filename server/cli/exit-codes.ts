import { CommanderError } from 'commander';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { asAppError } from '../base/errors.ts';

/** What the process says at its end; the large ones are those of sysexits.h. */
export const EXIT_CODES = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 69,
  unauthorized: 77,
  configuration: 78,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  APPLIANCE_UNREACHABLE: EXIT_CODES.unreachable,
  UNAUTHORIZED: EXIT_CODES.unauthorized,
  SCOPE_MISSING: EXIT_CODES.unauthorized,
  TOO_MANY_ATTEMPTS: EXIT_CODES.unauthorized,
  CONFIG_INVALID: EXIT_CODES.configuration,
};

/** The exit code for whatever ended a command; commander's own endings are help (0) and wrong usage. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  return BY_CODE[asAppError(thrown).code] ?? EXIT_CODES.failure;
}
