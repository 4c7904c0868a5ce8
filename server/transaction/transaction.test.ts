import { describe, expect, it } from 'vitest';
import { TRANSACTION_STATES, type TransactionState } from '../../shared/states.ts';
import { AppError } from '../base/errors.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { Transaction } from './transaction.ts';

const make = () =>
  new Transaction('x-1', { kind: 'unlink', path: treePath('/a') }, { uid: 0, onChange: () => {} });

const WAYS: Record<TransactionState, readonly TransactionState[]> = {
  preparing: [],
  applying: ['applying'],
  committing: ['applying', 'committing'],
  committed: ['applying', 'committing', 'committed'],
  undoing: ['applying', 'undoing'],
  'rolled-back': ['applying', 'undoing', 'rolled-back'],
};

function at(state: TransactionState): Transaction {
  const transaction = make();
  for (const step of WAYS[state]) transaction.enter(step);
  return transaction;
}

describe('a transaction', () => {
  it('goes only the ways that the design draws', () => {
    const ways = TRANSACTION_STATES.map((from) => {
      const following = TRANSACTION_STATES.filter((to) => {
        try {
          at(from).enter(to);
          return true;
        } catch {
          return false;
        }
      });
      return [from, following];
    });
    expect(Object.fromEntries(ways)).toEqual({
      preparing: ['applying', 'committed', 'rolled-back'],
      applying: ['committing', 'undoing'],
      committing: ['committed', 'undoing'],
      committed: [],
      undoing: ['rolled-back'],
      'rolled-back': [],
    });
  });

  it.each(TRANSACTION_STATES)('in %s can be cancelled only while nothing is decided', (state) => {
    const transaction = at(state);
    const undecided = state === 'preparing' || state === 'applying';
    expect(transaction.cancel(new AppError('CANCELLED'))).toBe(undecided);
    expect(transaction.cancellation.reason !== undefined).toBe(undecided);
  });

  it('keeps the first error, and has an end only at the end', () => {
    const transaction = at('applying');
    expect(transaction.snapshot().endedAtMs).toBeUndefined();
    const error = new AppError('NO_SPACE');
    transaction.enter('undoing', error);
    transaction.enter('rolled-back', new AppError('INPUT_OUTPUT'));
    expect(transaction.snapshot().error).toBe(error);
    expect(transaction.snapshot().endedAtMs).toBeTypeOf('number');
  });

  it('wakes what pauses before another attempt, and says whether anything did', () => {
    const transaction = at('applying');
    expect(transaction.retryNow()).toBe(false);
    let woken = 0;
    const unregister = transaction.onRetryNow(() => {
      woken += 1;
    });
    expect(transaction.retryNow()).toBe(true);
    unregister();
    expect(transaction.retryNow()).toBe(false);
    expect(woken).toBe(1);
  });

  it('keeps its steps in order, the first of very many', () => {
    const transaction = at('applying');
    const error = new AppError('MIRROR_TIMEOUT', 'slow');
    transaction.progress({ mirror: 'web1', state: 'applying', attempt: 1, attempts: 2 });
    transaction.progress({ mirror: 'web1', state: 'failed', attempt: 1, attempts: 2, error });
    transaction.enter('undoing', error);
    const { entries, leftOut } = transaction.timeline;
    expect(
      entries.map(({ mirror, state, attempt, error: why }) => [mirror, state, attempt, why?.code]),
    ).toEqual([
      [undefined, 'applying', 0, undefined],
      ['web1', 'applying', 1, undefined],
      ['web1', 'failed', 1, 'MIRROR_TIMEOUT'],
      [undefined, 'undoing', 0, 'MIRROR_TIMEOUT'],
    ]);
    expect(leftOut).toBe(0);
    for (let attempt = 1; attempt <= 1000; attempt += 1)
      transaction.progress({ mirror: 'web1', state: 'applying', attempt, attempts: 1000 });
    expect([transaction.timeline.entries.length, transaction.timeline.leftOut]).toEqual([200, 804]);
  });
});
