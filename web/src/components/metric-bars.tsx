import type { PropsWithChildren, ReactNode } from 'react';
import { METRIC_STEPS, type MetricPoint, type MirrorMetrics } from '../../../shared/mirror-metrics.ts';
import type { MetricState } from '../../../shared/states.ts';
import { formatBytes, formatExact, formatMilliseconds } from '../format/quantities.ts';
import classes from './metric-bars.module.css';
import { METRIC_TONES, METRIC_WORDS } from './metric-words.ts';

/** What makes a bar high. */
export type Measure = 'roundTrip' | 'sent';

const VALUES: Record<Measure, (point: MetricPoint) => number | undefined> = {
  roundTrip: ({ rttMs }) => rttMs?.p95,
  sent: ({ sentBytes }) => sentBytes,
};
const LEAST_HIGH = 0.001;
/** In hundredths: one that is next to nothing is still seen. */
const LEAST_SHOWN = 8;
/** Which state it was shows without colours as well: a bar is whole, thin, or broken, in hundredths of the height. */
const FORMS: Record<MetricState, { readonly width: number; readonly dashes?: string }> = {
  'in-sync': { width: 0.8 },
  detached: { width: 0.25 },
  stale: { width: 0.8, dashes: '24 10' },
  down: { width: 0.8, dashes: '8 8' },
};

export interface MetricBarsProps {
  readonly metrics: MirrorMetrics;
  readonly measure: Measure;
  /** What the picture shows, for who doesn't see it. */
  readonly label: string;
}

/** How a mirror was: a bar for each step, as high as what is measured, in the look of the worst state. */
export function MetricBars({ metrics: { points, range }, measure, label }: MetricBarsProps): ReactNode {
  const { points: steps, stepSeconds } = METRIC_STEPS[range];
  const highest = highestOf(points, measure);
  const endMs = Math.max(...points.map(({ at }) => Date.parse(at)));
  return (
    <svg
      className={classes['bars']}
      viewBox={`0 0 ${steps} 100`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points.map((point) => (
        <Bar
          key={point.at}
          point={point}
          x={steps - 1 - Math.round((endMs - Date.parse(point.at)) / (stepSeconds * 1000))}
          height={heightOf(VALUES[measure](point), highest)}
        />
      ))}
    </svg>
  );
}

/** At least a little more than nothing. */
export function highestOf(points: readonly MetricPoint[], measure: Measure): number {
  return Math.max(LEAST_HIGH, ...points.map((point) => VALUES[measure](point) ?? 0));
}

/** What had no answer stands as a full bar: that it was down must not look like that it was fast. */
function heightOf(value: number | undefined, highest: number): number {
  if (value === undefined) return 100;
  return value === 0 ? 0 : Math.max(LEAST_SHOWN, (100 * value) / highest);
}

interface BarProps {
  readonly point: MetricPoint;
  readonly x: number;
  readonly height: number;
}

function Bar({ point: { at, rttMs, state, sentBytes }, x, height }: BarProps): ReactNode {
  const trip = rttMs
    ? `p50 ${formatMilliseconds(rttMs.p50)}, p95 ${formatMilliseconds(rttMs.p95)}`
    : 'no answer';
  return (
    <StateBar state={state} x={x} height={height}>
      <title>{`${formatExact(Date.parse(at))}: ${METRIC_WORDS[state]}, ${trip}, ${formatBytes(sentBytes)} sent`}</title>
    </StateBar>
  );
}

/** What a bar of this state looks like. */
export function StateSwatch({ state }: { readonly state: MetricState }): ReactNode {
  return (
    <svg className={classes['swatch']} viewBox="0 50 1 50" preserveAspectRatio="none" aria-hidden>
      <StateBar state={state} x={0} height={50} />
    </svg>
  );
}

type StateBarProps = PropsWithChildren<Pick<BarProps, 'x' | 'height'> & { readonly state: MetricState }>;

function StateBar({ state, x, height, children }: StateBarProps): ReactNode {
  const { width, dashes } = FORMS[state];
  const middle = x + 0.5;
  return (
    <line
      x1={middle}
      x2={middle}
      y1={100}
      y2={100 - height}
      strokeWidth={width}
      strokeDasharray={dashes}
      data-tone={METRIC_TONES[state]}
    >
      {children}
    </line>
  );
}
