import { TextInput } from '@mantine/core';
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useMirrorTrial } from '../api/new-mirror.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import classes from './mirror-wizard.module.css';
import { TrialFailure } from './trial-failure.tsx';
import type { WizardStepProps } from './wizard-step-props.ts';

/** Where the mirror is. Going on connects to it, and offers it no login. */
export function WizardAddress({ draft, change, next }: WizardStepProps): ReactNode {
  const { mutate, isPending, error, data } = useMirrorTrial((tried) => {
    if (!tried.failure || tried.hostKey) next(tried);
  });
  const isFilled = draft.id.trim() !== '' && draft.host.trim() !== '' && Number(draft.port) > 0;
  return (
    <>
      <TextInput
        label="Name"
        description="How it is called here and in the configuration file"
        value={draft.id}
        onChange={(event) => change({ id: event.currentTarget.value })}
      />
      <div className={classes['pair']}>
        <TextInput
          label="Host"
          description="Address or name"
          value={draft.host}
          onChange={(event) => change({ host: event.currentTarget.value })}
        />
        <TextInput
          label="Port"
          description="Of ssh"
          inputMode="numeric"
          value={draft.port}
          onChange={(event) => change({ port: event.currentTarget.value })}
        />
      </div>
      <FailureNotice what="try this address" failure={error} />
      {data?.failure && !data.hostKey && <TrialFailure failure={data.failure} />}
      <div className={classes['buttons']}>
        <ActionButton
          label="Reach it"
          name="Reach it"
          icon={ArrowRight}
          scope="admin"
          pending={isPending}
          refusal={isFilled ? undefined : 'Name, host and port are needed'}
          onPress={() =>
            mutate({ ...draft, path: '', user: '', identityFile: '', passwordFile: '', hostKey: '' })
          }
        />
      </div>
    </>
  );
}
