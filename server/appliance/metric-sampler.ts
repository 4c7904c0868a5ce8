import { METRIC_STEPS, type MetricRange, type MirrorMetrics } from '../../shared/mirror-metrics.ts';
import type { MetricState } from '../../shared/states.ts';
import type { MetricFiles } from '../history/metric-files.ts';
import { MetricRings } from '../history/metric-rings.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { SyncedMirror } from './synced-mirror.ts';

const SAMPLE_MS = 1000;
/** One mirror after the other, each so often. */
const SAVE_EVERY_SAMPLES = 60;

/** Looks at each mirror once a second, and keeps what it saw. */
export class MetricSampler {
  readonly #mirrors: MirrorSet;
  readonly #files: MetricFiles;
  readonly #rings: Map<string, MetricRings>;
  /** The bytes that were sent when it was last looked at; a mirror made anew counts anew. */
  readonly #sentBytes = new WeakMap<SyncedMirror, number>();
  readonly #subscriptions: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #samples = 0;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: { mirrors: MirrorSet; files: MetricFiles; kept: Map<string, MetricRings> }) {
    this.#mirrors = options.mirrors;
    this.#files = options.files;
    this.#rings = options.kept;
  }

  start(): void {
    this.#subscriptions.push(this.#mirrors.events.on('removed', ({ name }) => this.#forget(name)));
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Resolves when all is written. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    for (const { name } of this.#mirrors.all) this.#save(name);
    await this.#saving;
  }

  metrics(mirror: string, range: MetricRange): MirrorMetrics | undefined {
    if (!this.#mirrors.find(mirror)) return undefined;
    const points = this.#rings.get(mirror)?.points(range, Date.now()) ?? [];
    return { mirror, range, stepSeconds: METRIC_STEPS[range].stepSeconds, points };
  }

  #sample(): void {
    const atMs = Date.now();
    this.#samples += 1;
    for (const [index, synced] of this.#mirrors.all.entries()) {
      const { sentBytes } = synced.mirror;
      const before = this.#sentBytes.get(synced) ?? 0;
      this.#sentBytes.set(synced, sentBytes);
      const roundTripsMs = synced.mirror.takeRoundTrips();
      this.#ringsOf(synced.name).add(atMs, {
        state: stateOf(synced),
        sentBytes: sentBytes - before,
        roundTripsMs,
      });
      if ((this.#samples + index) % SAVE_EVERY_SAMPLES === 0) this.#save(synced.name);
    }
  }

  #ringsOf(mirror: string): MetricRings {
    const rings = this.#rings.get(mirror) ?? new MetricRings();
    this.#rings.set(mirror, rings);
    return rings;
  }

  #save(mirror: string): void {
    this.#saving = this.#saving.then(async () => {
      const rings = this.#rings.get(mirror);
      if (rings) await this.#files.save(mirror, rings);
    });
  }

  #forget(mirror: string): void {
    this.#rings.delete(mirror);
    this.#saving = this.#saving.then(() => this.#files.remove(mirror));
  }
}

function stateOf(synced: SyncedMirror): MetricState {
  if (synced.detachment !== undefined) return 'detached';
  if (synced.mirror.linkState !== 'up') return 'down';
  return synced.inSync ? 'in-sync' : 'stale';
}
