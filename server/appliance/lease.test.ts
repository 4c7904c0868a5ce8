import { describe, expect, it } from 'vitest';
import { LEASE_TIMES, type Lease, type LeaseLook, leaseText, parsedLease, standingOf } from './lease.ts';

const lease: Lease = {
  setId: 'set',
  generation: 3,
  startId: 'theirs',
  replica: 'm1',
  holder: { host: 'elsewhere', pid: 17 },
  renewals: 5,
  released: false,
};
const look: LeaseLook = { lease, holderEnded: false, ageMs: 0, unchangedMs: 0 };
const own = { startId: 'ours', replica: 'm1' };
const { apartMs } = LEASE_TIMES;

describe('a lease', () => {
  it.each<[string, Partial<LeaseLook>, string]>([
    ['seen for the first time and young', {}, 'held'],
    ['seen for the first time, however old: the clock may have been set', { ageMs: 10 ** 9 }, 'held'],
    ['old, but renewed between two looks', { ageMs: 10 ** 9, unchangedMs: apartMs - 1 }, 'held'],
    [
      'old and not renewed between two looks',
      { ageMs: LEASE_TIMES.expiryMs, unchangedMs: apartMs },
      'expired',
    ],
    [
      'young and not renewed between two looks',
      { ageMs: LEASE_TIMES.expiryMs - 1, unchangedMs: apartMs },
      'held',
    ],
    [
      'of the future, not renewed for long',
      { ageMs: -(10 ** 9), unchangedMs: LEASE_TIMES.expiryMs },
      'expired',
    ],
    ['whose holder has ended', { holderEnded: true }, 'left'],
    ['given back', { lease: { ...lease, released: true } }, 'free'],
    ['of this start', { lease: { ...lease, startId: 'ours' } }, 'ours'],
    ['of this start for another mirror', { lease: { ...lease, startId: 'ours', replica: 'm2' } }, 'twin'],
    ['that can’t be read', { lease: undefined }, 'held'],
    ['that can’t be read for long', { lease: undefined, unchangedMs: LEASE_TIMES.expiryMs }, 'expired'],
  ])('%s', (_title, seen, standing) => {
    expect(standingOf({ ...look, ...seen }, own, LEASE_TIMES)).toBe(standing);
  });

  it('keeps its size, so that renewing it needs no space', () => {
    const longer = leaseText({ ...lease, renewals: 10 ** 9, released: true });
    expect(longer.length).toBe(leaseText(lease).length);
    expect(parsedLease(longer)).toEqual({ ...lease, renewals: 10 ** 9, released: true });
  });

  it.each(['', '{"setId":"set"', '{}', 'null'])('%j is none', (text) => {
    expect(parsedLease(Buffer.from(text))).toBeUndefined();
  });
});
