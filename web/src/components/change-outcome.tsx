import { VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Change } from '../api/changes.ts';
import { FailureNotice } from './failure-notice.tsx';

export interface ChangeOutcomeProps<Name extends string> {
  readonly change: Change<Name>;
  /** How each change is called in a sentence: "could not ...". */
  readonly verbs: Record<Name, string>;
}

/** Says how the last change went: a failure to everybody, a success to screen readers, as others see it happen. */
export function ChangeOutcome<Name extends string>({ change, verbs }: ChangeOutcomeProps<Name>): ReactNode {
  if (change.failure) {
    const { name, failure } = change.failure;
    return <FailureNotice what={verbs[name]} failure={failure} />;
  }
  return (
    <VisuallyHidden role="status">
      {change.done === undefined ? '' : `Done: ${verbs[change.done]}`}
    </VisuallyHidden>
  );
}
