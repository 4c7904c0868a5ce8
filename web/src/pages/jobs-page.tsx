import type { ReactNode } from 'react';
import { useOverview } from '../api/feed-context.ts';
import { useJobs } from '../api/jobs.ts';
import { formatCount } from '../format/quantities.ts';
import { JobCard } from '../components/job-card.tsx';
import { JobStart } from '../components/job-start.tsx';
import { Page } from '../components/page.tsx';
import { QueryState } from '../components/query-state.tsx';
import { Empty, Section } from '../components/section.tsx';

/** Resyncs and scrubs: begin one, follow those that run, look at those that are over. */
export function JobsPage(): ReactNode {
  const mirrors = useOverview().data?.overview.mirrors ?? [];
  const jobs = useJobs();
  const running = jobs.data?.filter(({ endedAt }) => endedAt === undefined).length ?? 0;
  return (
    <Page tabTitle={running > 0 ? `(${running}) Jobs` : 'Jobs'} heading="Jobs" testId="jobs-page">
      <JobStart mirrors={mirrors} />
      <Section
        title="Resyncs and scrubs"
        testId="jobs"
        note={jobs.data && `${running} running, ${formatCount(jobs.data.length, 'job')} listed`}
      >
        <QueryState query={jobs}>
          {(items) =>
            items.length === 0 ? (
              <Empty>No job has run yet. A scrub says whether the mirrors are still right.</Empty>
            ) : (
              items.map((job) => <JobCard key={job.id} job={job} linked />)
            )
          }
        </QueryState>
      </Section>
    </Page>
  );
}
