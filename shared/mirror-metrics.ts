import { z } from 'zod';
import { roundTripSchema } from './api.ts';
import { METRIC_STATES } from './states.ts';

export const METRIC_RANGES = ['1h', '24h', '7d', '30d'] as const;
/** How far back metrics are asked for. */
export type MetricRange = (typeof METRIC_RANGES)[number];

/** What is kept for each range: so many steps of this length, the one under way included. */
export const METRIC_STEPS: Readonly<Record<MetricRange, { stepSeconds: number; points: number }>> = {
  '1h': { stepSeconds: 60, points: 60 },
  '24h': { stepSeconds: 600, points: 144 },
  '7d': { stepSeconds: 3600, points: 168 },
  '30d': { stepSeconds: 6 * 3600, points: 120 },
};

const count = z.number().int().nonnegative();

/** One step; `at` is its beginning. */
export const metricPointSchema = z.object({
  at: z.iso.datetime(),
  /** null where nothing was asked and answered. */
  rttMs: roundTripSchema.nullable(),
  /** To the mirror, with all that the connection itself needs. */
  sentBytes: count,
  /** The worst that was seen. */
  state: z.enum(METRIC_STATES),
  /** For how much of the time it was up and in sync: 0 to 1. */
  inSyncShare: z.number().min(0).max(1),
});
export type MetricPoint = z.infer<typeof metricPointSchema>;

/** The answer of `GET /mirrors/:id/metrics`, oldest first. Steps in which Proxyfs didn't run are missing. */
export const mirrorMetricsSchema = z
  .object({
    mirror: z.string(),
    range: z.enum(METRIC_RANGES),
    stepSeconds: count,
    points: z.array(metricPointSchema),
  })
  .meta({ id: 'MirrorMetrics' });
export type MirrorMetrics = z.infer<typeof mirrorMetricsSchema>;
