import { invariant, type AppError } from '../base/errors.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import { MirrorApply, type MirrorOutcome } from './mirror-apply.ts';
import type { HeldMark, Participant } from './participant.ts';
import type { RetryPolicy } from './retry-schedule.ts';
import type { StepHook } from './step.ts';
import type { Transaction } from './transaction.ts';

export interface MirrorPart {
  readonly participant: Participant;
  readonly outcome: MirrorOutcome;
}

/** What came of a transaction on the mirrors. */
export interface MirrorsOutcome {
  readonly parts: readonly MirrorPart[];
  /** Why it can't commit; absent when every required mirror has it. */
  readonly failure?: AppError;
}

/** The mirrors of one transaction: those that take part, and those that will have to catch up with it. */
export interface Company {
  readonly taking: readonly Participant[];
  readonly missed: readonly HeldMark[];
}

/** Decides, with the paths locked, who takes part. What the others miss is marked before anything changes. */
export function gatherCompany(
  participants: readonly Participant[],
  affected: readonly AffectedPath[],
): Company {
  const taking = participants.filter((participant) => participant.required || participant.inSync);
  const absent = participants.filter((participant) => !taking.includes(participant));
  return { taking, missed: absent.map((participant) => participant.markHeld(affected.flatMap(asMissed))) };
}

/** Applies the operation to all mirrors that take part, in parallel; the first lasting failure stops the rest. */
export async function applyToMirrors(
  transaction: Transaction,
  taking: readonly Participant[],
  context: { policy: RetryPolicy; step: StepHook },
): Promise<MirrorsOutcome> {
  const applyOn = async (participant: Participant): Promise<MirrorPart> => {
    const outcome = await new MirrorApply({ transaction, participant, ...context }).run();
    if (outcome.kind === 'failed' && participant.required) transaction.cancel(outcome.error);
    return { participant, outcome };
  };
  const parts = await Promise.all(taking.map(applyOn));
  const short = parts.find(({ participant, outcome }) => outcome.kind === 'failed' && participant.required);
  if (!short) return { parts };
  const { reason } = transaction.cancellation;
  invariant(reason, 'a required mirror that fails ends the transaction');
  return { parts, failure: reason };
}

/**
 * A mirror that misses a directory rename can't simply repeat it later: what else it missed below is noted
 * under the names of then. So it compares both names in full.
 */
function asMissed(affected: AffectedPath): AffectedPath[] {
  if (affected.kind !== 'move') return [affected];
  return [
    { kind: 'tree', path: affected.path },
    { kind: 'tree', path: affected.to },
  ];
}
