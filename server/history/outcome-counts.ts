import { z } from 'zod';
import type { Outcome } from '../../shared/api.ts';

const STEP_MS = 5 * 60_000;
/** So long something counts. */
export const COUNTED_MS = 24 * 3600_000;

/** How many transactions ended in which way within some minutes. */
const stepSchema = z.object({ beginMs: z.number(), committed: z.number(), rolledBack: z.number() });
type OutcomeStep = z.infer<typeof stepSchema>;

/** The counts as they are written to a file; `lastSeq` is that of the last transaction they count. */
export const outcomesRecordSchema = z.object({
  format: z.literal('proxyfs outcomes 1'),
  lastSeq: z.number(),
  steps: z.array(stepSchema),
});

/** How transactions ended in the last 24 hours, to some minutes. */
export class OutcomeCounts {
  #steps: OutcomeStep[];

  constructor(steps: readonly OutcomeStep[] = []) {
    this.#steps = [...steps];
  }

  get steps(): readonly OutcomeStep[] {
    return this.#steps;
  }

  add(outcome: Outcome, endedAtMs: number, nowMs = endedAtMs): void {
    const beginMs = endedAtMs - (endedAtMs % STEP_MS);
    let step = this.#steps.findLast((each) => each.beginMs === beginMs);
    if (!step) {
      step = { beginMs, committed: 0, rolledBack: 0 };
      // What a clock says that was set back in between is the future.
      this.#steps = [...this.#within(nowMs), step];
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
    return this.#steps.filter(({ beginMs }) => beginMs > nowMs - COUNTED_MS && beginMs <= nowMs);
  }
}
