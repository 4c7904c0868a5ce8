import { expect } from 'vitest';
import type { TransactionView } from '../../shared/api.ts';
import { CALL_BOUND_MS, type MirroredAppliance } from './mirrored-appliance.ts';
import type { MountAnswer, MountCall } from './mount-worker.ts';
import { directoryOf, type Mutation } from './mutations.ts';

export interface Refusal {
  /** What the caller may be told. */
  readonly errno: RegExp;
  /** What the API may say of the failed mirror. */
  readonly code: RegExp;
}

/** Does the call, and checks that it is refused in time, that nothing has changed and that the API says why. */
export async function expectRefused(
  stand: MirroredAppliance,
  area: string,
  mutation: Mutation,
  refusal: Refusal,
): Promise<TransactionView> {
  const answer = await stand.inMount(mutation.call);
  return expectWasRefused(stand, area, mutation, answer, refusal);
}

/** The same for a call that has been answered. */
export async function expectWasRefused(
  stand: MirroredAppliance,
  area: string,
  mutation: Mutation,
  answer: MountAnswer,
  { errno, code }: Refusal,
): Promise<TransactionView> {
  expect(answer, mutation.name).toMatchObject({ ok: false, errno: expect.stringMatching(errno) });
  expect(answer.elapsedMs).toBeLessThan(CALL_BOUND_MS);
  // The time of a directory in which something was made and unmade again is put right a moment later.
  const differences = await stand.healthyDifferences(directoryOf(area, mutation.name), {
    ignoreDirectoryTimes: true,
  });
  expect(differences, mutation.name).toEqual([]);
  const told = await stand.rolledBack(mutation.operation, `/${mutation.call.path}`);
  expect(told.error).toMatchObject({ errno: answer.errno });
  const part = told.participants.find(({ mirror }) => mirror === 'm2');
  expect(part?.error).toMatchObject({
    code: expect.stringMatching(code),
    message: expect.stringMatching(/./),
  });
  expect(part?.attempt).toBeGreaterThan(0);
  expect(part?.attempt).toBeLessThanOrEqual(part?.attempts ?? 0);
  return told;
}

/** Does the call, and checks that it succeeds everywhere: what follows is compared with a tree that has it. */
export async function expectDone(stand: MirroredAppliance, mutation: Mutation): Promise<void> {
  const answer = await stand.inMount(mutation.call);
  expect(answer, mutation.name).toMatchObject({ ok: true });
  await expectFollowed(stand, mutation.call, answer);
}

/** The same for a call that has been answered; of a write only what it took is expected. */
export async function expectFollowed(
  stand: MirroredAppliance,
  call: MountCall,
  answer: MountAnswer,
): Promise<void> {
  expect(answer.elapsedMs).toBeLessThan(CALL_BOUND_MS);
  const { doneBytes: sizeBytes } = answer;
  await stand.inExpected(call.call === 'write' && sizeBytes !== undefined ? { ...call, sizeBytes } : call);
}
