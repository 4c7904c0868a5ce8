import { Switch } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useAddMirror } from '../api/new-mirror.ts';
import { formatBytes, formatMilliseconds } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import classes from './mirror-wizard.module.css';
import { Notice } from './notice.tsx';
import { SafeText } from './safe-text.tsx';
import type { WizardStepProps } from './wizard-step-props.ts';

/** What was found, what adding means, and the button that does it. */
export function WizardFinish({ draft, change, trial, back }: WizardStepProps): ReactNode {
  const navigate = useNavigate();
  const adding = useAddMirror((mirror) => void navigate({ to: '/mirrors/$id', params: { id: mirror.id } }));
  const lacks = trial?.lacks ?? [];
  const free =
    typeof trial?.freeBytes !== 'number' ? 'free space not known' : `${formatBytes(trial.freeBytes)} free`;
  const trip = trial?.rttMs ? `, round trip ${formatMilliseconds(trial.rttMs.p50)}` : '';
  return (
    <>
      <Notice tone="good" title={`It would do: ${free}${trip}`} testId="trial-fine">
        {lacks.length === 0 ? (
          'Full guarantee.'
        ) : (
          <>
            Lesser guarantee: <SafeText what="guarantee">{lacks.join('; ')}</SafeText>
          </>
        )}
      </Notice>
      <Switch
        label="Required: writes succeed only when this mirror has them too"
        description="Not before it has all content"
        checked={draft.required}
        onChange={(event) => change({ required: event.currentTarget.checked })}
      />
      <p>
        It is written into the configuration file and filled while writes go on. A directory with other files
        in it is refused, and nothing in it is touched.
      </p>
      <FailureNotice what="add the mirror" failure={adding.error} />
      <div className={classes['buttons']}>
        <ActionButton label="Back" name="Back" icon={ArrowLeft} onPress={back} />
        <ActionButton
          label="Add the mirror"
          name="Add the mirror"
          icon={Plus}
          scope="admin"
          pending={adding.isPending}
          onPress={() => adding.mutate(draft)}
        />
      </div>
    </>
  );
}
