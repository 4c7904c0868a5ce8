import { PasswordInput } from '@mantine/core';
import { KeyRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useChangePassword, usePasswordSet } from '../api/access.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { Notice } from './notice.tsx';
import classes from './record-filters.module.css';
import { Empty, Section } from './section.tsx';

const LEAST_CHARS = 10;

/** Another password, for who knows the one of now. */
export function PasswordSection(): ReactNode {
  const isSet = usePasswordSet();
  return (
    <Section title="Password" testId="password" note="It ends every session that the old one has opened">
      {isSet === false ? (
        <Empty>
          No password is set. Set one with `proxyfs passwd`, or at /setup with the token of the start.
        </Empty>
      ) : (
        <PasswordForm />
      )}
    </Section>
  );
}

function PasswordForm(): ReactNode {
  const changing = useChangePassword();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = () => {
    changing.mutate({ current, next });
    setCurrent('');
    setNext('');
  };
  return (
    <>
      <div className={classes['filters']}>
        <PasswordInput
          label="The password of now"
          value={current}
          autoComplete="current-password"
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label={`The next one, at least ${LEAST_CHARS} characters`}
          value={next}
          autoComplete="new-password"
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        <ActionButton
          label="Change it"
          name="Change it: the password"
          icon={KeyRound}
          scope="admin"
          pending={changing.isPending}
          refusal={current === '' || next.length < LEAST_CHARS ? 'Both are needed' : undefined}
          onPress={change}
        />
      </div>
      <FailureNotice what="change the password" failure={changing.error} />
      {changing.isSuccess && <Notice tone="good" role="status" title="The password is changed" />}
    </>
  );
}
