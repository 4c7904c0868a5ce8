import { Button, Skeleton, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { asFailure, failureTitle } from '../api/problem.ts';
import classes from './loading.module.css';
import { Notice } from './notice.tsx';
import { SafeText } from './safe-text.tsx';

export interface LoadingProps {
  /** Why the last try failed; another follows by itself. */
  readonly failure: Error | null;
  readonly onRetry: () => void;
}

/** The page before its first answer, and when none comes. */
export function Loading({ failure, onRetry }: LoadingProps): ReactNode {
  if (failure) return <LoadFailure failure={failure} onRetry={onRetry} />;
  return (
    <div aria-busy="true" className={classes['page']} data-testid="loading">
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      <Skeleton height={120} radius={12} />
      <div className={classes['cards']}>
        {[1, 2, 3].map((card) => (
          <Skeleton key={card} height={260} radius={12} />
        ))}
      </div>
      <Skeleton height={80} radius={12} />
    </div>
  );
}

function LoadFailure({ failure, onRetry }: { failure: Error; onRetry: () => void }): ReactNode {
  const { code, message } = asFailure(failure);
  return (
    <div className={classes['page']}>
      <Notice tone="bad" role="alert" title={failureTitle(code)} testId="load-failure">
        <p className={classes['words']}>
          <SafeText what="error" limitChars={400}>
            {message}
          </SafeText>
        </p>
        <p className={classes['words']}>The page tries again by itself every few seconds.</p>
        <Button size="xs" variant="default" onClick={onRetry}>
          Try again now
        </Button>
      </Notice>
    </div>
  );
}
