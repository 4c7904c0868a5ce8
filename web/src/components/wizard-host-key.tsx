import { Checkbox } from '@mantine/core';
import { ArrowLeft, ArrowRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { MirrorTrial } from '../../../shared/api.ts';
import { ActionButton } from './action-button.tsx';
import classes from './mirror-wizard.module.css';
import { SafeText } from './safe-text.tsx';
import { TrialFailure } from './trial-failure.tsx';
import type { WizardStepProps } from './wizard-step-props.ts';

type HostKey = NonNullable<MirrorTrial['hostKey']>;

/** Who the server is: known already, or accepted by a person who has compared the fingerprint. Never one that has changed. */
export function WizardHostKey({ change, trial, next, back }: WizardStepProps): ReactNode {
  const [compared, setCompared] = useState(false);
  const key = trial?.hostKey;
  const isChanged = trial?.failure?.code === 'HOST_KEY_CHANGED';
  const goOn = () => {
    change({ hostKey: key?.fingerprint ?? '' });
    next();
  };
  return (
    <>
      {!key && <p>The server shows a host key that is trusted here already.</p>}
      {key && <ShownKey hostKey={key} />}
      {isChanged && trial.failure && <TrialFailure failure={trial.failure} />}
      {key && !isChanged && (
        <>
          <p>
            Compare it with what the server itself prints, or somebody in between may be answering: <br />
            <code>for k in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $k; done</code>
          </p>
          <Checkbox
            label="I have compared it: the server itself shows this fingerprint"
            checked={compared}
            onChange={(event) => setCompared(event.currentTarget.checked)}
          />
        </>
      )}
      <div className={classes['buttons']}>
        <ActionButton label="Back" name="Back" icon={ArrowLeft} onPress={back} />
        {!isChanged && (
          <ActionButton
            label={key ? 'Accept this key' : 'Go on'}
            name={key ? 'Accept this key' : 'Go on'}
            icon={ArrowRight}
            scope="admin"
            refusal={key && !compared ? 'Compare the fingerprint first' : undefined}
            onPress={goOn}
          />
        )}
      </div>
    </>
  );
}

function ShownKey({ hostKey: { keyType, fingerprint, expected } }: { readonly hostKey: HostKey }): ReactNode {
  return (
    <div className={classes['key']} data-testid="host-key">
      <div>
        <SafeText what="type of the key">{keyType}</SafeText>
      </div>
      <div>
        <SafeText what="fingerprint">{fingerprint}</SafeText>
      </div>
      {expected !== null && (
        <div>
          expected: <SafeText what="expected fingerprint">{expected}</SafeText>
        </div>
      )}
    </div>
  );
}
