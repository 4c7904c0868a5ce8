const WINDOW = 256;
/** Sampled: one in so many, or the one that was asked for. */
const SAMPLE_ONE_IN = 16;

interface RoundTripSummary {
  readonly p50: number;
  readonly p95: number;
}

/** The latest round trips of one mirror, bounded. */
export class RoundTrips {
  readonly #latestMs: number[] = [];
  #fresh: number[] = [];
  #next = 0;
  #unsampled = 0;
  /** Until the next is added: it is asked for much more often. */
  #summary: RoundTripSummary | undefined;

  /** Adds one in so many. */
  offer(ms: number): void {
    if (++this.#unsampled < SAMPLE_ONE_IN) return;
    this.#unsampled = 0;
    this.add(ms);
  }

  /** Has the next that is offered added. */
  takeNext(): void {
    this.#unsampled = SAMPLE_ONE_IN;
  }

  add(ms: number): void {
    this.#latestMs[this.#next] = ms;
    if (this.#fresh.length < WINDOW) this.#fresh.push(ms);
    this.#next = (this.#next + 1) % WINDOW;
    this.#summary = undefined;
  }

  /** Those that were added since it was last asked; of very many the first. */
  takeFresh(): readonly number[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** undefined before the first. */
  summary(): RoundTripSummary | undefined {
    if (this.#latestMs.length === 0 || this.#summary) return this.#summary;
    const sorted = this.#latestMs.toSorted((one, other) => one - other);
    this.#summary = { p50: rank(sorted, 0.5), p95: rank(sorted, 0.95) };
    return this.#summary;
  }
}

/** The nearest rank. */
function rank(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
