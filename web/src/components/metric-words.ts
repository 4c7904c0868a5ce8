import type { MetricPoint } from '../../../shared/mirror-metrics.ts';
import type { MetricState } from '../../../shared/states.ts';
import { formatBytes } from '../format/quantities.ts';
import type { Tone } from './looks.ts';

export const METRIC_TONES: Record<MetricState, Tone> = {
  'in-sync': 'good',
  detached: 'idle',
  stale: 'warn',
  down: 'bad',
};
export const METRIC_WORDS: Record<MetricState, string> = {
  'in-sync': 'in sync',
  detached: 'detached',
  stale: 'stale',
  down: 'down',
};

/** What all of the steps come to. */
export function summaryOf(points: readonly MetricPoint[]): string {
  if (points.length === 0) return 'nothing is known yet';
  const sent = points.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return `in sync for ${percentText(shareOf(points))} of the time that Proxyfs ran, ${formatBytes(sent)} sent`;
}

/** The same in few words: how much of the time it was in sync, and how fast it was sent to in the last whole step. */
export function shortSummaryOf(points: readonly MetricPoint[], stepSeconds: number): string {
  const lastWhole = points.at(-2);
  const rate = lastWhole && `${formatBytes(lastWhole.sentBytes / stepSeconds)}/s`;
  return [`in sync ${percentText(shareOf(points))}`, ...(rate === undefined ? [] : [`sent ${rate}`])].join(
    ' · ',
  );
}

function shareOf(points: readonly MetricPoint[]): number {
  return points.reduce((sum, { inSyncShare }) => sum + inSyncShare, 0) / points.length;
}

/** 99.96 % must not read as 100. */
function percentText(share: number): string {
  return share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}
