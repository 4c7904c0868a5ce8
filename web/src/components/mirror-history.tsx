import { SegmentedControl } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { METRIC_RANGES, type MetricRange, type MirrorMetrics } from '../../../shared/mirror-metrics.ts';
import { METRIC_STATES } from '../../../shared/states.ts';
import { useMirrorMetrics } from '../api/mirrors.ts';
import { formatBytes, formatMilliseconds } from '../format/quantities.ts';
import { highestOf, type Measure, MetricBars, StateSwatch } from './metric-bars.tsx';
import { METRIC_WORDS, summaryOf } from './metric-words.ts';
import classes from './mirror-history.module.css';
import { QueryState } from './query-state.tsx';
import { Section } from './section.tsx';

/** How a mirror was: round trips and what was sent, step by step, in the looks of its states. */
export function MirrorHistory({ id }: { readonly id: string }): ReactNode {
  const [range, setRange] = useState<MetricRange>('1h');
  const metrics = useMirrorMetrics(id, range);
  return (
    <Section title="How it was" testId="mirror-history" note={metrics.data && summaryOf(metrics.data.points)}>
      <div className={classes['choice']}>
        <SegmentedControl
          aria-label="How far back"
          value={range}
          onChange={setRange}
          data={[...METRIC_RANGES]}
        />
        <Legend />
      </div>
      <QueryState query={metrics}>
        {(answer) => (
          <div className={classes['charts']}>
            <Chart metrics={answer} measure="roundTrip" />
            <Chart metrics={answer} measure="sent" />
          </div>
        )}
      </QueryState>
    </Section>
  );
}

function Legend(): ReactNode {
  return (
    <ul className={classes['legend']} aria-label="What the bars stand for">
      {METRIC_STATES.map((state) => (
        <li key={state}>
          <StateSwatch state={state} />
          {METRIC_WORDS[state]}
        </li>
      ))}
    </ul>
  );
}

const TITLES: Record<Measure, string> = { roundTrip: 'Round trip p95', sent: 'Sent' };

function Chart({ metrics, measure }: { metrics: MirrorMetrics; measure: Measure }): ReactNode {
  const { points, range, stepSeconds } = metrics;
  const highest = highestOf(points, measure);
  const words = measure === 'sent' ? `${formatBytes(highest / stepSeconds)}/s` : formatMilliseconds(highest);
  return (
    <figure className={classes['figure']}>
      <figcaption className={classes['caption']}>
        <strong>{TITLES[measure]}</strong>
        <span>{points.length === 0 ? 'nothing yet' : `highest: ${words}`}</span>
      </figcaption>
      <div className={classes['bars']}>
        <MetricBars
          metrics={metrics}
          measure={measure}
          label={`${TITLES[measure]}, the last ${range}: ${summaryOf(points)}`}
        />
      </div>
      <div className={classes['caption']}>
        <span>{range} ago</span>
        <span>now</span>
      </div>
    </figure>
  );
}
