/** How often one request is attempted, and the pauses between (`tries` and `timeout` of the configuration). */
export interface RetryPolicy {
  /** Attempts in total, at least 1. */
  readonly times: number;
  /** Pause before attempt i+2; the last one repeats. */
  readonly waitMs: readonly number[];
  /** For one attempt at one request. */
  readonly timeoutMs: number;
}

/** The pause after attempt `attempt` (1-based) has failed, or undefined when it was the last. */
export function pauseAfter(attempt: number, policy: RetryPolicy): number | undefined {
  if (attempt >= policy.times) return undefined;
  return policy.waitMs[Math.min(attempt, policy.waitMs.length) - 1] ?? 0;
}
