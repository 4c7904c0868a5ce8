import { AppError } from '../base/errors.ts';
import type { ReplicaSession } from './replica-session.ts';
import { lstatOrMissing } from './sftp-attributes.ts';
import { explained } from './sftp-errors.ts';

/** What a directory entry, a small file or a directory may take up. */
export const BLOCK_BYTES = 4096;

/** The mirror holds something else than was written to it, since the local tree would have allowed this. */
export function diverged(what: string, cause?: unknown): AppError {
  return new AppError('MIRROR_DIVERGED', `the mirror differs from what was written to it: ${what}`, {
    cause,
  });
}

/** Why a new entry could not be made at `at`. */
export async function refusedNewEntry(
  replica: ReplicaSession,
  at: string,
  thrown: unknown,
): Promise<AppError> {
  const { session } = replica;
  const standing = async () =>
    (await lstatOrMissing(session, at)) ? ('ALREADY_EXISTS' as const) : undefined;
  const error = await explained(session, thrown, { at, neededBytes: BLOCK_BYTES, otherwise: standing });
  if (error.code === 'ALREADY_EXISTS') return diverged(`${at} exists already`, error);
  return missingIsDivergence(error, `no directory for ${at}`);
}

export function missingIsDivergence(error: AppError, what: string): AppError {
  return error.code === 'NOT_FOUND' ? diverged(what, error) : error;
}
