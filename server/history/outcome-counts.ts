import type { Outcome } from '../../shared/api.ts';

const STEP_MS = 5 * 60_000;
const KEPT_MS = 24 * 3600_000;

/** How many transactions ended in which way within some minutes. */
interface OutcomeStep {
  readonly beginMs: number;
  committed: number;
  rolledBack: number;
}

/** How transactions ended in the last 24 hours, to some minutes. */
export class OutcomeCounts {
  #steps: OutcomeStep[] = [];

  add(outcome: Outcome, endedAtMs: number): void {
    const beginMs = endedAtMs - (endedAtMs % STEP_MS);
    let step = this.#steps.findLast((each) => each.beginMs === beginMs);
    if (!step) {
      step = { beginMs, committed: 0, rolledBack: 0 };
      // What a clock says that was set back in between is the future.
      this.#steps = [...this.#within(endedAtMs), step];
    }
    step[outcome === 'committed' ? 'committed' : 'rolledBack'] += 1;
  }

  total(nowMs: number): { committed: number; rolledBack: number } {
    const total = { committed: 0, rolledBack: 0 };
    for (const { committed, rolledBack } of this.#within(nowMs)) {
      total.committed += committed;
      total.rolledBack += rolledBack;
    }
    return total;
  }

  #within(nowMs: number): OutcomeStep[] {
    return this.#steps.filter(({ beginMs }) => beginMs > nowMs - KEPT_MS && beginMs <= nowMs);
  }
}
