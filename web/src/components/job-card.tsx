import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useId } from 'react';
import type { JobView } from '../../../shared/jobs.ts';
import { formatDuration, formatMilliseconds, formatNumber } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { ErrorLine } from './error-line.tsx';
import { JobActions } from './job-actions.tsx';
import classes from './job-card.module.css';
import { JobProgress } from './job-progress.tsx';
import { jobKind } from './job-words.ts';
import { JOB_LOOKS } from './looks.ts';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';

export interface JobCardProps {
  readonly job: JobView;
  /** Whether its name leads to its page. */
  readonly linked: boolean;
}

/** One resync or scrub: what it is, how far it is, what it found, and what can be done with it. */
export const JobCard = memo(({ job, linked }: JobCardProps): ReactNode => {
  const titleId = useId();
  const kind = jobKind(job);
  return (
    <article className={classes['card']} aria-labelledby={titleId} data-testid="job" data-job={job.id}>
      <div className={classes['head']}>
        <Chip look={JOB_LOOKS[job.state]} />
        <h2 className={classes['title']} id={titleId}>
          {linked ? (
            <Link to="/jobs/$id" params={{ id: job.id }}>
              {kind}
            </Link>
          ) : (
            kind
          )}{' '}
          of{' '}
          <SafeText what="mirror's name" limitChars={60}>
            {job.mirror ?? 'all mirrors'}
          </SafeText>
        </h2>
        <span className={classes['path']}>
          <SafeText what="path" limitChars={120}>
            {job.path}
          </SafeText>
        </span>
      </div>
      <JobProgress job={job} />
      <JobResult job={job} />
      {job.error && <ErrorLine who={jobKind(job)} error={job.error} />}
      <div className={classes['foot']}>
        <JobWhen job={job} />
        {job.endedAt === undefined && <JobActions job={job} />}
      </div>
    </article>
  );
});

function JobResult({ job }: { readonly job: JobView }): ReactNode {
  const figures: readonly (readonly [string, number])[] = [
    ['compared', job.entries],
    ['differ', job.divergences],
    ...(job.repairs ? ([['repaired', job.repaired.paths]] as const) : []),
    ...(job.problems > 0 ? ([['could not be compared', job.problems]] as const) : []),
    ...(job.localSuspected > 0 ? ([['may be damaged locally', job.localSuspected]] as const) : []),
  ];
  return (
    <ul className={classes['figures']} data-testid="job-figures">
      {figures.map(([words, many]) => (
        <li key={words}>
          <strong>{formatNumber(many)}</strong> {words}
        </li>
      ))}
    </ul>
  );
}

function JobWhen({ job }: { readonly job: JobView }): ReactNode {
  const { startedAt, endedAt, startedBy, compare, restarts } = job;
  return (
    <div className={classes['when']}>
      <span>{compare === 'quick' ? 'quick comparison' : 'content read back'}</span>
      <span>
        begun <RelativeTime at={startedAt} /> {startedBy === 'schedule' ? 'by schedule' : 'by an operator'}
      </span>
      {restarts > 0 && <span>begun anew {restarts} times after restarts</span>}
      {endedAt !== undefined && <span>took {tookText(Date.parse(endedAt) - Date.parse(startedAt))}</span>}
    </div>
  );
}

const MINUTE_MS = 60_000;

function tookText(durationMs: number): string {
  return durationMs < MINUTE_MS ? formatMilliseconds(durationMs) : formatDuration(durationMs);
}
