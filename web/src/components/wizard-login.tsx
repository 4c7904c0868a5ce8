import { TextInput } from '@mantine/core';
import { ArrowLeft, ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { type MirrorDraft, useMirrorTrial } from '../api/new-mirror.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import classes from './mirror-wizard.module.css';
import { TrialFailure } from './trial-failure.tsx';
import type { WizardStepProps } from './wizard-step-props.ts';

type Field = keyof MirrorDraft & ('user' | 'identityFile' | 'passwordFile' | 'path');

const FIELDS: readonly { readonly key: Field; readonly label: string; readonly about: string }[] = [
  { key: 'user', label: 'User', about: 'Login there; the one that runs Proxyfs where nothing is said' },
  {
    key: 'identityFile',
    label: 'Private key',
    about: 'A file on this appliance; ssh-agent and the usual keys otherwise',
  },
  {
    key: 'passwordFile',
    label: 'Password file',
    about: 'A file on this appliance whose only line is the password',
  },
  {
    key: 'path',
    label: 'Directory there',
    about: 'It must exist. An empty one is filled; one with equal files is taken over',
  },
];

/** How to log in and where the files go. Going on logs in and looks whether the directory would do. */
export function WizardLogin({ draft, change, next, back }: WizardStepProps): ReactNode {
  const { mutate, isPending, error, data } = useMirrorTrial((tried) => {
    if (!tried.failure) next(tried);
  });
  return (
    <>
      {FIELDS.map(({ key, label, about }) => (
        <TextInput
          key={key}
          label={label}
          description={about}
          value={draft[key]}
          autoComplete="off"
          onChange={(event) => change({ [key]: event.currentTarget.value })}
        />
      ))}
      <FailureNotice what="try this login" failure={error} />
      {data?.failure && <TrialFailure failure={data.failure} />}
      <div className={classes['buttons']}>
        <ActionButton label="Back" name="Back" icon={ArrowLeft} onPress={back} />
        <ActionButton
          label="Log in and look"
          name="Log in and look"
          icon={ArrowRight}
          scope="admin"
          pending={isPending}
          refusal={draft.path.trim() === '' ? 'The directory is needed' : undefined}
          onPress={() => mutate(draft)}
        />
      </div>
    </>
  );
}
