import { Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { FileSearch } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { mirrorScrubRefusal } from '../api/allowed-changes.ts';
import { useJobs, useStartJob } from '../api/jobs.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { JobCard } from './job-card.tsx';
import { MirrorScrub } from './mirror-scrub.tsx';
import { RelativeTime } from './relative-time.tsx';
import { Section } from './section.tsx';

const SHOWN = 3;

/** Scrubs this mirror, and shows the last jobs at it. */
export function MirrorJobs({ mirror }: { readonly mirror: MirrorView }): ReactNode {
  const { id, lastScrubAt } = mirror;
  const navigate = useNavigate();
  const starting = useStartJob((job) => void navigate({ to: '/jobs/$id', params: { id: job.id } }));
  const jobs = useJobs().data?.filter((job) => job.mirror === id || job.mirror === null) ?? [];
  const name = capMiddle(escapeText(id), 40).text;
  const checked = lastScrubAt === null ? 'never compared as a whole' : <LastScrub at={lastScrubAt} />;
  return (
    <Section title="Is it still right?" testId="mirror-jobs" note={checked}>
      <Group gap="xs">
        <MirrorScrub mirror={mirror} name={name} />
        <ActionButton
          label="Scrub by content"
          name={`Scrub by content: ${name}`}
          icon={FileSearch}
          refusal={mirrorScrubRefusal(mirror)}
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
