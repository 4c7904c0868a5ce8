import { Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { FileSearch, ScanSearch } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { useJobs, useStartJob } from '../api/jobs.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { JobCard } from './job-card.tsx';
import { RelativeTime } from './relative-time.tsx';
import { Section } from './section.tsx';

const SHOWN = 3;

/** Scrubs this mirror, and shows the last jobs at it. */
export function MirrorJobs({ mirror: { id, lastScrubAt } }: { readonly mirror: MirrorView }): ReactNode {
  const navigate = useNavigate();
  const starting = useStartJob((job) => void navigate({ to: '/jobs/$id', params: { id: job.id } }));
  const jobs = useJobs().data?.filter(({ mirror }) => mirror === id || mirror === null) ?? [];
  const name = capMiddle(escapeText(id), 40).text;
  const checked = lastScrubAt === null ? 'never compared as a whole' : <LastScrub at={lastScrubAt} />;
  return (
    <Section title="Is it still right?" testId="mirror-jobs" note={checked}>
      <Group gap="xs">
        <ActionButton
          label="Scrub"
          name={`Scrub ${name}`}
          icon={ScanSearch}
          pending={starting.pending}
          onPress={() => starting.start({ type: 'scrub', mirror: id })}
        />
        <ActionButton
          label="Scrub by content"
          name={`Scrub by content: ${name}`}
          icon={FileSearch}
          pending={starting.pending}
          onPress={() => starting.start({ type: 'scrub', mirror: id, compare: 'content' })}
        />
      </Group>
      <FailureNotice what={`scrub ${name}`} failure={starting.failure} />
      {jobs.slice(0, SHOWN).map((job) => (
        <JobCard key={job.id} job={job} linked />
      ))}
    </Section>
  );
}

function LastScrub({ at }: { readonly at: string }): ReactNode {
  return (
    <>
      last compared as a whole <RelativeTime at={at} />
    </>
  );
}
