import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import type { JobView } from '../../../shared/jobs.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../format/quantities.ts';
import classes from './job-progress.module.css';
import { jobPercent } from './job-words.ts';
import { SafeText } from './safe-text.tsx';

const PHASES: Record<JobView['phase'], string> = {
  connecting: 'Connecting',
  comparing: 'Comparing',
  repairing: 'Repairing',
};

/** How far a job is, how fast it goes, and how long it will take; nothing when it is over. */
export function JobProgress({ job }: { readonly job: JobView }): ReactNode {
  if (job.endedAt !== undefined) return null;
  const percent = jobPercent(job);
  return (
    <div className={classes['progress']} data-testid="job-progress">
      <Progress.Root size="md">
        <Progress.Section
          value={percent ?? 0}
          aria-label="Progress"
          aria-valuetext={percent === undefined ? 'not known yet' : `${Math.floor(percent)} %`}
        />
      </Progress.Root>
      <div className={classes['words']}>
        <span>
          {PHASES[job.phase]}
          {percent !== undefined && ` · ${Math.floor(percent)} %`}
        </span>
        {job.total && (
          <span>
            {formatCount(job.entries, 'entry', 'entries')} of about {formatNumber(job.total.entries)}
          </span>
        )}
        {job.entriesPerSecond !== null && job.bytesPerSecond !== null && (
          <span>
            {formatCount(Math.round(job.entriesPerSecond), 'entry', 'entries')}/s ·{' '}
            {formatBytes(Math.round(job.bytesPerSecond))}/s
          </span>
        )}
        {job.etaSeconds !== null && <span>{formatDuration(job.etaSeconds * 1000)} left</span>}
      </div>
      {job.currentPath !== null && (
        <div className={classes['current']}>
          <SafeText what="current path" limitChars={100}>
            {job.currentPath}
          </SafeText>
        </div>
      )}
    </div>
  );
}
