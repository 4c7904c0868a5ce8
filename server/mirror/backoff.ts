import type { ErrorCode } from '../../shared/error-codes.ts';

const SHORTEST_MS = 250;
const LONGEST_MS = 30_000;

/** Failures that time does not cure: they are tried again slowly, in case an operator has acted. */
const SETTLED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FOREIGN_REPLICA',
  'ROLLED_BACK',
  'ADOPTION_NEEDED',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'LOGIN_REFUSED',
  'MIRROR_UNSUITABLE',
]);

/** Somebody else's lease is looked at often enough to see whether it is renewed. */
const LOOK_AGAIN_MS = 4000;

/**
 * How long to wait before the next attempt: about as long as the mirror has been away, so it doubles however
 * often callers have tried meanwhile; with jitter over the upper half, so that many appliances don't reconnect
 * in step.
 */
export function backoffMs(awayMs: number, code: ErrorCode, random: () => number = Math.random): number {
  if (SETTLED.has(code)) return LONGEST_MS;
  if (code === 'MIRROR_HELD') return LOOK_AGAIN_MS;
  const fullMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, awayMs));
  return fullMs / 2 + (fullMs / 2) * random();
}
