import type { ReactNode } from 'react';
import type { MirrorTrial } from '../../../shared/api.ts';
import { ERROR_CATALOGUE } from '../../../shared/error-codes.ts';
import type { TrialStep } from '../../../shared/states.ts';
import { Notice } from './notice.tsx';
import { SafeText } from './safe-text.tsx';

const WHERE: Record<TrialStep, string> = {
  address: 'Reaching it',
  hostKey: 'Its host key',
  login: 'Logging in',
  path: 'The directory there',
};

/** What is in the way of a mirror, and at which step. */
export function TrialFailure({
  failure,
}: {
  readonly failure: NonNullable<MirrorTrial['failure']>;
}): ReactNode {
  const title = `${WHERE[failure.step]}: ${ERROR_CATALOGUE[failure.code].title}`;
  return (
    <Notice tone="bad" role="alert" title={title} testId="trial-failure">
      <SafeText what="error" limitChars={400}>
        {failure.message}
      </SafeText>
    </Notice>
  );
}
