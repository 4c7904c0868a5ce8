import { z } from 'zod';
import { processMarkSchema } from './process-mark.ts';

export const LEASE_FILE = 'lease.json';
/** Renewing overwrites as many bytes as there are, which needs no space on a full disk. */
export const LEASE_BYTES = 1024;

export interface LeaseTimes {
  readonly renewMs: number;
  /** Two looks so far apart see a renewal, were there one, and so tell a holder that is alive from a clock that was set. */
  readonly apartMs: number;
  /** So long after a renewal its holder counts on it. */
  readonly freshMs: number;
  /** A lease that was not renewed for so long may be taken over. */
  readonly expiryMs: number;
}

/**
 * FENCING: who takes an expired lease over has seen it unchanged for `apartMs`, and waits as long again. So the former
 * holder, which ends its link after `freshMs`, has nothing to send any more, whatever the clocks of the three say.
 */
export function leaseTimes(renewMs: number): LeaseTimes {
  return { renewMs, apartMs: 2 * renewMs, freshMs: 4 * renewMs, expiryMs: 6 * renewMs };
}
export const LEASE_TIMES = leaseTimes(5000);

const leaseSchema = z.object({
  setId: z.string(),
  /** The number and the id of the start that holds it. */
  generation: z.number().int().nonnegative(),
  startId: z.string(),
  /** The mirror's name in the holder's configuration. */
  replica: z.string(),
  holder: processMarkSchema,
  renewals: z.number().int().nonnegative(),
  released: z.boolean(),
});
/** Who uses a mirror at the moment: `.proxyfs/lease.json` there. */
export type Lease = z.infer<typeof leaseSchema>;

export function leaseText(lease: Lease): Buffer {
  return Buffer.from(`${JSON.stringify(lease).padEnd(LEASE_BYTES - 1)}\n`);
}

/** undefined for what is no lease, such as one that is being written at the moment. */
export function parsedLease(content: Buffer): Lease | undefined {
  try {
    return leaseSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** What was learnt about a lease that is there. */
export interface LeaseLook {
  /** undefined where it can't be read. */
  readonly lease: Lease | undefined;
  /** The holder is a process of this machine that has ended. */
  readonly holderEnded: boolean;
  /** Since it was last written, by the mirror's clock. */
  readonly ageMs: number;
  /** For how long it has been seen unchanged, by the clock of this process. */
  readonly unchangedMs: number;
}

/**
 * - `ours`: this very start holds it, for this mirror.
 * - `twin`: this very start holds it for another mirror: both are one directory.
 * - `free`: given back.
 * - `left`, `expired`: its holder has ended, or can be taken for ended.
 * - `held`: somebody else may be at work.
 */
export type LeaseStanding = 'ours' | 'twin' | 'free' | 'left' | 'expired' | 'held';

export function standingOf(
  { lease, holderEnded, ageMs, unchangedMs }: LeaseLook,
  own: { readonly startId: string; readonly replica: string },
  times: LeaseTimes,
): LeaseStanding {
  if (lease?.released) return 'free';
  if (lease?.startId === own.startId) return lease.replica === own.replica ? 'ours' : 'twin';
  if (holderEnded) return 'left';
  const isOld = ageMs >= times.expiryMs && unchangedMs >= times.apartMs;
  // The mirror's clock may stand still or have been set back.
  return isOld || unchangedMs >= times.expiryMs ? 'expired' : 'held';
}
