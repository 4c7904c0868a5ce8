import type { Configuration } from '../config/configuration.ts';

/** `warning`: it works, but less well than it could, or not for long. */
export type Verdict = 'fine' | 'warning' | 'failed';

/** What one check has found out about one thing. */
export interface Finding {
  readonly check: string;
  /** Such as a mirror's name, or a path. */
  readonly about: string;
  readonly verdict: Verdict;
  readonly message: string;
}

/** Looks, and changes nothing that matters. May reject: that is a finding too. */
export type Check = (configuration: Configuration) => Promise<readonly Result[]> | readonly Result[];
export type Result = Omit<Finding, 'check'>;

export const fine = (about: string, message: string): Result => ({ about, verdict: 'fine', message });
export const warning = (about: string, message: string): Result => ({ about, verdict: 'warning', message });
export const failed = (about: string, message: string): Result => ({ about, verdict: 'failed', message });
