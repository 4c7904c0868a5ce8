import { memo, type ReactNode } from 'react';
import { useMirrorMetrics } from '../api/mirrors.ts';
import { MetricBars } from './metric-bars.tsx';
import { shortSummaryOf, summaryOf } from './metric-words.ts';
import classes from './mirror-heartbeat.module.css';

/** A mirror's last hour, a bar for each minute: as high as its round trips were long, in the looks of its states. */
export const MirrorHeartbeat = memo(({ id }: { readonly id: string }): ReactNode => {
  const { data, isError } = useMirrorMetrics(id, '1h');
  const isKnown = data !== undefined && data.points.length > 0;
  const unknown = isError ? 'could not be loaded' : 'nothing is known yet';
  return (
    <figure className={classes['figure']} data-testid="mirror-heartbeat">
      <div className={classes['bars']}>
        {isKnown && (
          <MetricBars
            metrics={data}
            measure="roundTrip"
            label={`Round trips of the last hour: ${summaryOf(data.points)}`}
          />
        )}
      </div>
      <figcaption className={classes['caption']}>
        <span>last hour</span>
        <span>{isKnown ? shortSummaryOf(data.points, data.stepSeconds) : unknown}</span>
      </figcaption>
    </figure>
  );
});
