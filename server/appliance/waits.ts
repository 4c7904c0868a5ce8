import type { TransactionsUnderWay } from '../transaction/coordinator.ts';

/** What waits for nothing but this mirror has nothing left to wait for. */
export function endWaitsFor(coordinator: TransactionsUnderWay, mirror: string): void {
  for (const { id, participants } of coordinator.inFlight()) {
    const retrying = participants.filter(({ state }) => state === 'retrying');
    if (retrying.every((part) => part.mirror === mirror)) coordinator.find(id)?.retryNow();
  }
}
