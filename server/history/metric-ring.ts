import { z } from 'zod';
import { type MetricPoint, metricPointSchema } from '../../shared/mirror-metrics.ts';
import { METRIC_STATES, type MetricState } from '../../shared/states.ts';
import { RoundTripHistogram } from './round-trip-histogram.ts';

/** How a mirror was at one moment, and what went on since the moment before. */
export interface MetricSample {
  readonly state: MetricState;
  readonly sentBytes: number;
  readonly roundTripsMs: readonly number[];
}

/** A ring as it is written to a file. */
export const ringRecordSchema = z.object({
  points: z.array(metricPointSchema),
  current: z
    .object({
      beginMs: z.number(),
      samples: z.number(),
      inSync: z.number(),
      state: z.enum(METRIC_STATES),
      sentBytes: z.number(),
      roundTrips: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
    })
    .optional(),
});
type RingRecord = z.infer<typeof ringRecordSchema>;

type Current = Omit<NonNullable<RingRecord['current']>, 'roundTrips'> & {
  readonly roundTrips: RoundTripHistogram;
};

/** The last steps of one length, the oldest overwritten by the newest. */
export class MetricRing {
  readonly #stepMs: number;
  readonly #most: number;
  #points: MetricPoint[] = [];
  #current: Current | undefined;

  constructor(options: { stepSeconds: number; points: number }, record?: RingRecord) {
    this.#stepMs = options.stepSeconds * 1000;
    this.#most = options.points;
    if (!record) return;
    this.#points = record.points;
    const { current } = record;
    this.#current = current && { ...current, roundTrips: new RoundTripHistogram(current.roundTrips) };
  }

  add(atMs: number, { state, sentBytes, roundTripsMs }: MetricSample): void {
    const current = this.#currentAt(atMs - (atMs % this.#stepMs));
    current.samples += 1;
    if (state === 'in-sync') current.inSync += 1;
    if (METRIC_STATES.indexOf(state) > METRIC_STATES.indexOf(current.state)) current.state = state;
    current.sentBytes += sentBytes;
    for (const ms of roundTripsMs) current.roundTrips.add(ms);
  }

  /** Oldest first, no older than the ring is long. */
  points(nowMs: number): MetricPoint[] {
    const oldestMs = nowMs - this.#most * this.#stepMs;
    return this.#all().filter(({ at }) => Date.parse(at) > oldestMs);
  }

  get record(): RingRecord {
    const current = this.#current;
    return {
      points: this.#points,
      ...(current && { current: { ...current, roundTrips: current.roundTrips.counts } }),
    };
  }

  #currentAt(beginMs: number): Current {
    if (this.#current?.beginMs === beginMs) return this.#current;
    // A clock that was set back begins anew from there.
    this.#points = this.#all()
      .filter(({ at }) => Date.parse(at) < beginMs)
      .slice(1 - this.#most);
    const roundTrips = new RoundTripHistogram();
    this.#current = { beginMs, samples: 0, inSync: 0, state: 'in-sync', sentBytes: 0, roundTrips };
    return this.#current;
  }

  #all(): MetricPoint[] {
    return this.#current ? [...this.#points, pointOf(this.#current)] : this.#points;
  }
}

function pointOf({ beginMs, samples, inSync, state, sentBytes, roundTrips }: Current): MetricPoint {
  return {
    at: new Date(beginMs).toISOString(),
    rttMs: roundTrips.summary(),
    sentBytes,
    state,
    inSyncShare: Math.round((inSync / samples) * 1000) / 1000,
  };
}
