import type { JobView } from '../../shared/jobs.ts';
import type { JobPhase } from '../../shared/states.ts';
import type { Tally } from '../resync/tally.ts';
import type { TreeSize } from '../resync/tree-size.ts';

type ProgressView = Pick<
  JobView,
  | 'phase'
  | 'entries'
  | 'comparedBytes'
  | 'total'
  | 'plan'
  | 'unknownLinks'
  | 'repaired'
  | 'entriesPerSecond'
  | 'bytesPerSecond'
  | 'etaSeconds'
>;

interface Done {
  readonly entries: number;
  readonly bytes: number;
}

/** How far a job is, how fast it goes, and how long it takes at that rate. Time in which it is paused doesn't count. */
export class JobProgress {
  readonly #reads: boolean;
  readonly #mirrors: number;
  readonly #tallies: Tally[] = [];
  #size: TreeSize | undefined;
  #phase: JobPhase = 'connecting';
  #activeMs = 0;
  #activeSinceMs: number | undefined = Date.now();
  #before: Done = { entries: 0, bytes: 0 };
  #wantedPaths = 0;
  #repairedPaths = 0;
  #earlierBytes = 0;
  #sentBytes: () => number = () => 0;

  /** `reads`: content is compared. `mirrors`: with how many the local tree is compared. */
  constructor(options: { reads: boolean; mirrors: number }) {
    this.#reads = options.reads;
    this.#mirrors = options.mirrors;
  }

  /** What there is locally to be compared with each mirror. */
  measures(size: TreeSize): void {
    this.#size = size;
  }

  compares(tally: Tally): void {
    this.#tallies.push(tally);
    this.#enter('comparing');
  }

  /** So many paths. `sentBytes` counts on from any beginning. */
  repairs(paths: number, sentBytes: () => number): void {
    this.#wantedPaths += paths;
    const before = sentBytes();
    this.#earlierBytes += this.#sentBytes();
    this.#sentBytes = () => sentBytes() - before;
    this.#enter('repairing');
  }

  repaired(paths: number): void {
    this.#repairedPaths += paths;
  }

  stopClock(): void {
    this.#activeMs = this.#elapsedMs();
    this.#activeSinceMs = undefined;
  }

  startClock(): void {
    this.#activeSinceMs ??= Date.now();
  }

  end(): void {
    const bytes = this.#sentBytes();
    this.#sentBytes = () => bytes;
    this.stopClock();
  }

  view(): ProgressView {
    const { entries, comparedBytes, unknownLinks, ...plan } = this.#sums();
    const repaired = { paths: this.#repairedPaths, bytes: this.#sent() };
    const total = this.#total();
    const phase = this.#phase;
    return { phase, entries, comparedBytes, total, unknownLinks, plan, repaired, ...this.#pace(total) };
  }

  #pace(total: Done | null): Pick<ProgressView, 'entriesPerSecond' | 'bytesPerSecond' | 'etaSeconds'> {
    const seconds = this.#elapsedMs() / 1000;
    if (seconds <= 0 || this.#activeSinceMs === undefined || this.#phase === 'connecting')
      return { entriesPerSecond: null, bytesPerSecond: null, etaSeconds: null };
    const done = this.#done();
    const entryRate = (done.entries - this.#before.entries) / seconds;
    const byteRate = (done.bytes - this.#before.bytes) / seconds;
    const wanted = this.#phase === 'comparing' ? total : this.#planned();
    const lefts = wanted && [
      leftSeconds(wanted.entries - done.entries, entryRate),
      leftSeconds(wanted.bytes - done.bytes, byteRate),
    ];
    const leftMost = lefts ? Math.max(...lefts) : Number.POSITIVE_INFINITY;
    return {
      entriesPerSecond: Math.round(entryRate),
      bytesPerSecond: Math.round(byteRate),
      etaSeconds: Number.isFinite(leftMost) ? Math.round(leftMost) : null,
    };
  }

  /** Of the phase: compared, or repaired. */
  #done(): Done {
    if (this.#phase === 'repairing') return { entries: this.#repairedPaths, bytes: this.#sent() };
    const { entries, comparedBytes } = this.#sums();
    return { entries, bytes: comparedBytes };
  }

  #planned(): Done {
    return { entries: this.#wantedPaths, bytes: this.#sums().copyBytes };
  }

  #total(): Done | null {
    if (!this.#size) return null;
    const { entries, bytes } = this.#size;
    return { entries: entries * this.#mirrors, bytes: this.#reads ? bytes * this.#mirrors : 0 };
  }

  #sums(): Pick<
    Tally,
    'entries' | 'comparedBytes' | 'unknownLinks' | 'copies' | 'copyBytes' | 'changes' | 'removals'
  > {
    const sum = (value: (tally: Tally) => number) =>
      this.#tallies.reduce((total, tally) => total + value(tally), 0);
    return {
      entries: sum(({ entries }) => entries),
      comparedBytes: sum(({ comparedBytes }) => comparedBytes),
      unknownLinks: sum(({ unknownLinks }) => unknownLinks),
      copies: sum(({ copies }) => copies),
      copyBytes: sum(({ copyBytes }) => copyBytes),
      changes: sum(({ changes }) => changes),
      removals: sum(({ removals }) => removals),
    };
  }

  #sent(): number {
    return this.#earlierBytes + this.#sentBytes();
  }

  #elapsedMs(): number {
    return this.#activeMs + (this.#activeSinceMs === undefined ? 0 : Date.now() - this.#activeSinceMs);
  }

  #enter(phase: JobPhase): void {
    this.#phase = phase;
    this.#activeMs = 0;
    if (this.#activeSinceMs !== undefined) this.#activeSinceMs = Date.now();
    this.#before = this.#done();
  }
}

/** 0 where nothing is left, however slow it goes. */
function leftSeconds(left: number, rate: number): number {
  return left <= 0 ? 0 : left / rate;
}
