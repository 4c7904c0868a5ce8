import { useNavigate } from '@tanstack/react-router';
import { ScanSearch } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { mirrorScrubRefusal } from '../api/allowed-changes.ts';
import { useStartJob } from '../api/jobs.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';

export interface MirrorScrubProps {
  readonly mirror: Pick<MirrorView, 'id' | 'link'>;
  /** As it is shown. */
  readonly name: string;
}

/** Begins a scrub of one mirror, and goes to it. */
export function MirrorScrub({ mirror, name }: MirrorScrubProps): ReactNode {
  const navigate = useNavigate();
  const starting = useStartJob((job) => void navigate({ to: '/jobs/$id', params: { id: job.id } }));
  return (
    <>
      <ActionButton
        label="Scrub"
        name={`Scrub ${name}`}
        icon={ScanSearch}
        refusal={mirrorScrubRefusal(mirror)}
        pending={starting.pending}
        onPress={() => starting.start({ type: 'scrub', mirror: mirror.id })}
      />
      <FailureNotice what={`scrub ${name}`} failure={starting.failure} />
    </>
  );
}
