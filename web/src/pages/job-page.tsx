import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useOverview } from '../api/feed-context.ts';
import { useJobs } from '../api/jobs.ts';
import { DivergenceList } from '../components/divergence-list.tsx';
import { JobCard } from '../components/job-card.tsx';
import { JobFollowUp } from '../components/job-follow-up.tsx';
import { jobKind } from '../components/job-words.ts';
import { Page } from '../components/page.tsx';
import { QueryState } from '../components/query-state.tsx';
import { Empty } from '../components/section.tsx';

/** One resync or scrub, with everything that it has found. */
export function JobPage(): ReactNode {
  const { id } = useParams({ from: '/jobs/$id' });
  const mirrors = useOverview().data?.overview.mirrors ?? [];
  const jobs = useJobs();
  const job = jobs.data?.find((each) => each.id === id);
  return (
    <Page
      tabTitle={job ? jobKind(job) : 'Job'}
      heading="Job"
      actions={<Link to="/jobs">All jobs</Link>}
      testId="job-page"
    >
      <QueryState query={jobs}>
        {() =>
          job ? (
            <>
              <JobCard job={job} linked={false} />
              <JobFollowUp job={job} mirrors={mirrors} />
              <DivergenceList job={job} />
            </>
          ) : (
            <Empty>There is no such job. Only the last 50 are kept.</Empty>
          )
        }
      </QueryState>
    </Page>
  );
}
