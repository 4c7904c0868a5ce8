import type { ReactNode } from 'react';
import { failureTitle, type RequestFailure } from '../api/problem.ts';
import { Notice } from './notice.tsx';
import { SafeText } from './safe-text.tsx';

export interface FailureNoticeProps {
  /** Completes "Could not ...". */
  readonly what: string;
  readonly failure: RequestFailure | null | undefined;
}

/** Why something could not be done; nothing where it could. */
export function FailureNotice({ what, failure }: FailureNoticeProps): ReactNode {
  if (!failure) return null;
  return (
    <Notice tone="bad" role="alert" title={`Could not ${what}: ${failureTitle(failure.code)}`}>
      <SafeText what="error" limitChars={400}>
        {failure.message}
      </SafeText>
    </Notice>
  );
}
