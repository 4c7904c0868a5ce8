import { z } from 'zod';
import {
  METRIC_RANGES,
  METRIC_STEPS,
  type MetricPoint,
  type MetricRange,
} from '../../shared/mirror-metrics.ts';
import { MetricRing, type MetricSample, ringRecordSchema } from './metric-ring.ts';

/** The rings of a mirror as they are written to a file. */
export const ringsRecordSchema = z.record(z.enum(METRIC_RANGES), ringRecordSchema);
type RingsRecord = z.infer<typeof ringsRecordSchema>;

/** What is kept of one mirror's past: a ring for each range, each fed with every sample. */
export class MetricRings {
  readonly #rings: Readonly<Record<MetricRange, MetricRing>>;

  constructor(record?: RingsRecord) {
    const ring = (range: MetricRange) => new MetricRing(METRIC_STEPS[range], record?.[range]);
    this.#rings = { '1h': ring('1h'), '24h': ring('24h'), '7d': ring('7d'), '30d': ring('30d') };
  }

  add(atMs: number, sample: MetricSample): void {
    for (const range of METRIC_RANGES) this.#rings[range].add(atMs, sample);
  }

  points(range: MetricRange, nowMs: number): MetricPoint[] {
    return this.#rings[range].points(nowMs);
  }

  get record(): RingsRecord {
    const { '1h': hour, '24h': day, '7d': week, '30d': month } = this.#rings;
    return { '1h': hour.record, '24h': day.record, '7d': week.record, '30d': month.record };
  }
}
