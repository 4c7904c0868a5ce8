import { describe, expect, it } from 'vitest';
import { Cancellation } from './cancellation.ts';
import { AppError } from './errors.ts';

const reason = new AppError('INTERRUPTED');

describe('a cancellation', () => {
  it('keeps its first reason', () => {
    const cancellation = new Cancellation();
    cancellation.throwIfCancelled();
    cancellation.cancel(reason);
    cancellation.cancel(new AppError('CANCELLED'));
    expect(cancellation.reason).toBe(reason);
    expect(() => cancellation.throwIfCancelled()).toThrow(reason);
  });

  it('aborts a signal asked for before, and one asked for afterwards', () => {
    const cancellation = new Cancellation();
    const before = cancellation.signal;
    expect(before.aborted).toBe(false);
    cancellation.cancel(reason);
    expect(before.reason).toBe(reason);
    expect(cancellation.signal.reason).toBe(reason);
  });

  it('tells those who asked to be told, also late ones, but nobody who takes it back', () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    cancellation.onCancel(() => told.push('early'));
    cancellation.onCancel(() => told.push('taken back'))();
    cancellation.cancel(reason);
    cancellation.onCancel(() => told.push('late'));
    expect(told).toEqual(['early', 'late']);
  });

  it('lets work end by itself, or goes on without it', async () => {
    const cancellation = new Cancellation();
    expect(await cancellation.orCancelled(Promise.resolve('done'))).toBe('done');
    await expect(cancellation.orCancelled(Promise.reject(reason))).rejects.toBe(reason);
    const given = cancellation.orCancelled(new Promise(() => {}));
    cancellation.cancel(reason);
    expect(await given).toBeUndefined();
    expect(await cancellation.orCancelled(Promise.resolve('late'))).toBeUndefined();
  });
});
