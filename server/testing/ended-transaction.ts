import type { EndedTransaction } from '../history/history-line.ts';
import { transactionIdOf } from '../../shared/transaction-id.ts';

/** The k-th of a series, ended a second after the one before it. */
export function endedTransaction(
  k: number,
  startedMs: number,
  changes: Partial<EndedTransaction> = {},
): EndedTransaction {
  const startedAtMs = startedMs + k * 1000;
  return {
    id: transactionIdOf(startedAtMs, `run-${k}`),
    operation: 'write',
    path: `/file-${k}`,
    sizeBytes: k,
    state: changes.outcome ?? 'committed',
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: new Date(startedAtMs + 500).toISOString(),
    outcome: 'committed',
    participants: [{ mirror: 'web1', state: 'applied', attempt: 1, attempts: 2 }],
    timeline: [{ afterMs: 1, mirror: 'web1', state: 'applied', attempt: 1 }],
    timelineLeftOut: 0,
    ...changes,
  };
}
