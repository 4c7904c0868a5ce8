import { SegmentedControl } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import {
  METRIC_RANGES,
  METRIC_STEPS,
  type MetricPoint,
  type MetricRange,
  type MirrorMetrics,
} from '../../../shared/mirror-metrics.ts';
import type { MetricState } from '../../../shared/states.ts';
import { useMirrorMetrics } from '../api/mirrors.ts';
import { formatBytes, formatExact, formatMilliseconds } from '../format/quantities.ts';
import type { Tone } from './looks.ts';
import classes from './mirror-history.module.css';
import { QueryState } from './query-state.tsx';
import { Section } from './section.tsx';

const TONES: Record<MetricState, Tone> = { 'in-sync': 'good', detached: 'idle', stale: 'warn', down: 'bad' };
const WORDS: Record<MetricState, string> = {
  'in-sync': 'in sync',
  detached: 'detached',
  stale: 'stale',
  down: 'down',
};

/** How a mirror was: a bar for each step, as high as its round trips were long, in the colour of its worst state. */
export function MirrorHistory({ id }: { readonly id: string }): ReactNode {
  const [range, setRange] = useState<MetricRange>('1h');
  const metrics = useMirrorMetrics(id, range);
  return (
    <Section
      title="Round trips and states"
      testId="mirror-history"
      note={metrics.data && summaryOf(metrics.data.points)}
    >
      <SegmentedControl
        aria-label="How far back"
        value={range}
        onChange={setRange}
        data={[...METRIC_RANGES]}
        className={classes['ranges']}
      />
      <QueryState query={metrics}>{(answer) => <Bars metrics={answer} />}</QueryState>
    </Section>
  );
}

function Bars({ metrics: { points, range } }: { readonly metrics: MirrorMetrics }): ReactNode {
  const { points: steps, stepSeconds } = METRIC_STEPS[range];
  const longestMs = Math.max(0.001, ...points.map(({ rttMs }) => rttMs?.p95 ?? 0));
  const endMs = Math.max(...points.map(({ at }) => Date.parse(at)));
  return (
    <figure className={classes['figure']}>
      <svg
        className={classes['bars']}
        viewBox={`0 0 ${steps} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The last ${range}: ${summaryOf(points)}`}
      >
        {points.map((point) => (
          <Bar
            key={point.at}
            point={point}
            x={steps - 1 - Math.round((endMs - Date.parse(point.at)) / (stepSeconds * 1000))}
            longestMs={longestMs}
          />
        ))}
      </svg>
      <figcaption className={classes['caption']}>
        <span>{range} ago</span>
        <span>highest: p95 of {formatMilliseconds(longestMs)}</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

interface BarProps {
  readonly point: MetricPoint;
  readonly x: number;
  readonly longestMs: number;
}

/** What had no answer stands as a full bar: that it was down must not look like that it was fast. */
function Bar({ point: { at, rttMs, state, sentBytes }, x, longestMs }: BarProps): ReactNode {
  const height = rttMs ? Math.max(8, (100 * rttMs.p95) / longestMs) : 100;
  const trip = rttMs
    ? `p50 ${formatMilliseconds(rttMs.p50)}, p95 ${formatMilliseconds(rttMs.p95)}`
    : 'no answer';
  return (
    <rect
      x={x + 0.1}
      y={100 - height}
      width={0.8}
      height={height}
      data-tone={TONES[state]}
      data-silent={!rttMs}
    >
      <title>{`${formatExact(Date.parse(at))}: ${WORDS[state]}, ${trip}, ${formatBytes(sentBytes)} sent`}</title>
    </rect>
  );
}

function summaryOf(points: readonly MetricPoint[]): string {
  if (points.length === 0) return 'nothing is known yet';
  const share = points.reduce((sum, { inSyncShare }) => sum + inSyncShare, 0) / points.length;
  const sent = points.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return `in sync for ${percentText(share)} of the time that Proxyfs ran, ${formatBytes(sent)} sent`;
}

/** 99.96 % must not read as 100. */
function percentText(share: number): string {
  return share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}
