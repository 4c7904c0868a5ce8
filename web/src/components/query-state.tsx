import { Skeleton, VisuallyHidden } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { RequestFailure } from '../api/problem.ts';
import { FailureNotice } from './failure-notice.tsx';

export interface QueryStateProps<Answer> {
  readonly query: UseQueryResult<Answer, RequestFailure>;
  readonly children: (answer: Answer) => ReactNode;
}

/** What was asked for, or that it is on its way, or why it doesn't come. */
export function QueryState<Answer>({ query, children }: QueryStateProps<Answer>): ReactNode {
  const failure = <FailureNotice what="load this" failure={query.error ?? query.failureReason} />;
  if (query.data !== undefined)
    return (
      <>
        {query.isError && failure}
        {children(query.data)}
      </>
    );
  if (query.failureReason) return failure;
  return (
    <div aria-busy="true" data-testid="loading">
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      <Skeleton height={90} radius={12} />
    </div>
  );
}
