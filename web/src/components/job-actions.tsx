import { Group, Stack } from '@mantine/core';
import { Pause, Play, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { JobView } from '../../../shared/jobs.ts';
import { JOB_REFUSALS } from '../api/allowed-changes.ts';
import { type JobChangeName, useJobChange } from '../api/jobs.ts';
import { ActionButton } from './action-button.tsx';
import { ChangeOutcome } from './change-outcome.tsx';
import { jobName } from './job-words.ts';

const VERBS: Record<JobChangeName, string> = {
  pause: 'pause the job',
  resume: 'resume the job',
  cancel: 'cancel the job',
};

/** Pause or resume, and cancel. */
export function JobActions({ job }: { readonly job: JobView }): ReactNode {
  const change = useJobChange(job.id);
  const refusals = JOB_REFUSALS[job.state];
  const name = jobName(job);
  const isHeld = refusals.pause !== undefined;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <ActionButton
          label={isHeld ? 'Resume' : 'Pause'}
          name={`${isHeld ? 'Resume' : 'Pause'}: ${name}`}
          icon={isHeld ? Play : Pause}
          refusal={isHeld ? refusals.resume : undefined}
          pending={change.pending === 'pause' || change.pending === 'resume'}
          onPress={() => change.run(isHeld ? 'resume' : 'pause')}
        />
        <ActionButton
          label="Cancel"
          name={`Cancel: ${name}`}
          icon={X}
          refusal={refusals.cancel}
          pending={change.pending === 'cancel'}
          onPress={() => change.run('cancel')}
        />
      </Group>
      <ChangeOutcome change={change} verbs={VERBS} />
    </Stack>
  );
}
