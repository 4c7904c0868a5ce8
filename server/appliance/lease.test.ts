import { describe, expect, it } from 'vitest';
import {
  EXPIRY_MS,
  type Lease,
  type LeaseLook,
  leaseText,
  parsedLease,
  RENEW_MS,
  standingOf,
} from './lease.ts';

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
const twoRenewals = 2 * RENEW_MS;

describe('a lease', () => {
  it.each<[string, Partial<LeaseLook>, string]>([
    ['seen for the first time and young', {}, 'held'],
    ['seen for the first time, however old: the clock may have been set', { ageMs: 10 ** 9 }, 'held'],
    ['old, but renewed between two looks', { ageMs: 10 ** 9, unchangedMs: twoRenewals - 1 }, 'held'],
    ['old and not renewed between two looks', { ageMs: EXPIRY_MS, unchangedMs: twoRenewals }, 'expired'],
    ['young and not renewed between two looks', { ageMs: EXPIRY_MS - 1, unchangedMs: twoRenewals }, 'held'],
    ['of the future, not renewed for long', { ageMs: -(10 ** 9), unchangedMs: EXPIRY_MS }, 'expired'],
    ['whose holder has ended', { holderEnded: true }, 'left'],
    ['given back', { lease: { ...lease, released: true } }, 'free'],
    ['of this start', { lease: { ...lease, startId: 'ours' } }, 'ours'],
    ['of this start for another mirror', { lease: { ...lease, startId: 'ours', replica: 'm2' } }, 'twin'],
    ['that can’t be read', { lease: undefined }, 'held'],
    ['that can’t be read for long', { lease: undefined, unchangedMs: EXPIRY_MS }, 'expired'],
  ])('%s', (_title, seen, standing) => {
    expect(standingOf({ ...look, ...seen }, own)).toBe(standing);
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
