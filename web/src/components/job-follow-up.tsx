import { Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { Wrench } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import type { JobView } from '../../../shared/jobs.ts';
import { useStartJob, type WantedJob } from '../api/jobs.ts';
import { ActionButton } from './action-button.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { jobMirror, planText } from './job-words.ts';
import { RelativeTime } from './relative-time.tsx';

export interface JobFollowUpProps {
  readonly job: JobView;
  readonly mirrors: readonly MirrorView[];
}

/** After a job that only looked: makes the mirrors equal, with the numbers of what that takes. */
export function JobFollowUp({ job, mirrors }: JobFollowUpProps): ReactNode {
  const navigate = useNavigate();
  const starting = useStartJob((begun) => void navigate({ to: '/jobs/$id', params: { id: begun.id } }));
  const [asking, ask] = useDisclosure(false);
  if (job.repairs || job.state !== 'done' || job.endedAt === undefined || job.divergences === 0) return null;
  const mirror = jobMirror(job.mirror);
  return (
    <Stack gap="xs" align="flex-start">
      <Text data-testid="plan">
        Making {mirror} equal takes: {planText(job)}.
      </Text>
      <ActionButton
        label="Make equal…"
        name={`Make equal: ${mirror}`}
        icon={Wrench}
        danger
        pending={starting.pending}
        onPress={ask.open}
      />
      <FailureNotice what={`make ${mirror} equal`} failure={starting.failure} />
      <Confirm
        opened={asking}
        onClose={ask.close}
        onConfirm={() => starting.start(followUp(job, mirrors))}
        question={`Make ${mirror} equal to the local tree?`}
        doIt={`Overwrite ${mirror}`}
        leaveIt="Leave it as it is"
        typed={job.plan.removals > 0 ? (job.mirror ?? 'all mirrors') : undefined}
      >
        <Stack gap="xs">
          <Text size="sm" fw={600}>
            {planText(job)}.
          </Text>
          <Text size="sm">
            That is what was found <RelativeTime at={job.endedAt} />. What only a mirror has is deleted there.
          </Text>
        </Stack>
      </Confirm>
    </Stack>
  );
}

/** The same, but for real. The person has seen how much is removed. */
function followUp({ type, mirror, path, compare }: JobView, mirrors: readonly MirrorView[]): WantedJob {
  const where = { path, compare, confirm: true };
  if (type === 'scrub' || mirror === null)
    return { type: 'scrub', repair: true, ...where, ...(mirror !== null && { mirror }) };
  const reason = mirrors.find(({ id }) => id === mirror)?.reason;
  return { type, mirror, adopt: reason?.code === 'ADOPTION_NEEDED', ...where };
}
