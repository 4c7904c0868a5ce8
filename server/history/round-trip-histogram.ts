import type { RoundTrip } from '../../shared/api.ts';

/** Bins between x and 2.718x: a percentile is off by 3 % at most. */
const BINS_PER_E = 16;
const LEAST_MS = 0.01;

/** Counts of round trips by bin. */
export type BinCounts = readonly (readonly [bin: number, count: number])[];

/** Many round trips in little memory, of which percentiles can be told. */
export class RoundTripHistogram {
  readonly #counts: Map<number, number>;

  constructor(counts: BinCounts = []) {
    this.#counts = new Map(counts);
  }

  get counts(): BinCounts {
    return [...this.#counts].sort(([one], [other]) => one - other);
  }

  add(ms: number): void {
    const bin = Math.round(Math.log(Math.max(ms, LEAST_MS)) * BINS_PER_E);
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1);
  }

  /** null before the first. */
  summary(): RoundTrip | null {
    const { counts } = this;
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return total === 0 ? null : { p50: rank(counts, total * 0.5), p95: rank(counts, total * 0.95) };
  }
}

/** The middle of the bin in which the nearest rank lies, in hundredths of a millisecond. */
function rank(counts: BinCounts, wanted: number): number {
  let below = 0;
  const found = counts.find(([, count]) => (below += count) >= wanted);
  return Math.round(Math.exp((found?.[0] ?? 0) / BINS_PER_E) * 100) / 100;
}
