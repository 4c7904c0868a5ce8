import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { withDeadline } from '../base/wait.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { Operation, OperationOf } from '../filesystem/operation.ts';
import type { MirrorOutcome } from './mirror-apply.ts';
import type { HeldMark, Participant, Repairer } from './participant.ts';
import type { StepHook } from './step.ts';
import type { Transaction } from './transaction.ts';

export interface UndoContext {
  readonly transaction: Transaction;
  readonly affected: readonly AffectedPath[];
  readonly repairer: Repairer;
  /** How long a caller waits for the undoing on one mirror; what isn't done by then is left to the reconciler. */
  readonly limitMs: number;
  readonly step: StepHook;
  readonly logger: Logger;
}

/**
 * Puts one mirror back to what the local tree holds, after a transaction that the local tree never saw. Never
 * rejects: what can't be undone now is stale there, and the mirror takes no part until it is repaired.
 */
export async function undoOn(
  participant: Participant,
  outcome: MirrorOutcome,
  context: UndoContext,
): Promise<void> {
  if (outcome.kind === 'failed' && outcome.untouched) return;
  // An fsync: there is nothing to put back.
  if (context.affected.length === 0) return;
  // DURABILITY: the intent of this transaction is still noted, so the mark needs no flush of its own.
  const mark = participant.markHeld(context.affected);
  if (outcome.kind === 'failed' && outcome.error.row.retryable)
    return leaveStale(participant, mark, context, outcome);
  if (outcome.kind === 'failed' && outcome.abandoned) return leaveStale(participant, mark, context, outcome);
  const { kind, path } = context.transaction.operation;
  const about = { operation: kind, path, mirror: participant.name };
  const work = context
    .step('mirror-undoing', about)
    .then(() => undoNow(participant, context))
    .then(() => context.step('mirror-undone', about));
  try {
    await withDeadline(work, context.limitMs, `undo on ${participant.name}`);
    mark.clear();
    show(participant, context, outcome, 'undone');
  } catch (thrown) {
    const error = asAppError(thrown);
    context.logger.warn('undo-left-to-repair', {
      mirror: participant.name,
      code: error.code,
      error: error.message,
    });
    // RACE: a late request of the undo must not meet a repair of the same path.
    void work.catch(() => {}).then(() => mark.release());
    show(participant, context, outcome, 'stale');
  }
}

function leaveStale(
  participant: Participant,
  mark: HeldMark,
  context: UndoContext,
  outcome: Extract<MirrorOutcome, { kind: 'failed' }>,
): void {
  show(participant, context, outcome, 'stale');
  participant.suspect(context.affected);
  // RACE: the abandoned request may still arrive there; a repair before that would prove nothing.
  void Promise.resolve(outcome.abandoned).then(() => mark.release());
}

function show(
  participant: Participant,
  context: UndoContext,
  outcome: MirrorOutcome,
  state: 'undone' | 'stale',
): void {
  const part = context.transaction.partOf(participant.name);
  const error = outcome.kind === 'failed' ? outcome.error : undefined;
  context.transaction.progress({
    mirror: participant.name,
    attempt: part?.attempt ?? 0,
    attempts: part?.attempts ?? 0,
    state,
    ...(error && { error }),
  });
}

/** From a kept pre-image where there is one, else from the local tree; either way checked against it. */
async function undoNow(participant: Participant, context: UndoContext): Promise<void> {
  const { operation } = context.transaction;
  const restored =
    context.transaction.keepsPreImage || operation.kind === 'rename'
      ? await restore(operation, participant, context.transaction.id)
      : false;
  if (operation.kind === 'write') {
    const { path, offset, data } = operation;
    await context.repairer.repairRange(participant, { path, offset, lengthBytes: data.length });
    return;
  }
  for (const affected of context.affected) {
    // Its name is locked and leads to it.
    if (affected.kind === 'inode') continue;
    // No name leads to another file there than before.
    if (affected.kind === 'fresh' && (restored || operation.kind === 'unlink')) continue;
    await context.repairer.repair(participant, affected, restored ? 'quick' : 'content');
  }
}

/** True when the content that the operation hid is back under its name, so that only attributes need a look. */
async function restore(operation: Operation, participant: Participant, preImage: string): Promise<boolean> {
  const { tree } = participant;
  switch (operation.kind) {
    case 'unlink':
      if ((await tree.stat(operation.path)) !== undefined) return true;
      return tree.restorePreImage(preImage, operation.path);
    case 'rename':
      return restoreRename(operation, participant, preImage);
    default:
      return false;
  }
}

async function restoreRename(
  operation: OperationOf<'rename'>,
  { tree }: Participant,
  preImage: string,
): Promise<boolean> {
  const there = await tree.stat(operation.path);
  if (there === undefined) {
    await tree.apply({ kind: 'rename', path: operation.to, to: operation.path }, { repeated: true });
    return tree.restorePreImage(preImage, operation.to);
  }
  // The rename never happened there, so both names hold what they held.
  // What was kept of the other is a leftover that the next connect clears if this one can't.
  await tree.dropPreImage(preImage).catch(() => {});
  return true;
}
