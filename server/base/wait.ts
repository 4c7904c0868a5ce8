import { AppError } from './errors.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';

/** Resolves after `delayMs`, or rejects at once with the signal's reason. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal));
    const onAbort = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Follows `work` until the signal aborts, then rejects with the signal's reason; `work` itself goes on unheard. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal));
    if (signal.aborted) {
      work.catch(() => {});
      return onAbort();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Follows `work` for at most `limitMs`, then rejects with `code`, naming the step that took too long. */
export async function withDeadline<T>(
  work: Promise<T>,
  limitMs: number,
  step: string,
  code: ErrorCode = 'MIRROR_TIMEOUT',
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError(code, `${step}: no answer within ${limitMs / 1000} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

function abortReason(signal: AbortSignal | undefined): AppError {
  const reason: unknown = signal?.reason;
  return reason instanceof AppError ? reason : new AppError('INTERRUPTED');
}

/** Follows `work` for at most `limitMs`; true when it was done by then. Its failure is the caller's. */
export async function doneWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([work.then(() => true), expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks at `condition` again and again until it holds (true) or `limitMs` is over (false). */
export async function waitUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
  for (const endMs = Date.now() + limitMs; !condition(); await sleep(10)) {
    if (Date.now() >= endMs) return false;
  }
  return true;
}
