import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { type HistoryFilter, useHistory } from '../api/transactions.ts';
import { EndedRow } from './ended-row.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { Loading } from './loading.tsx';
import { Empty } from './section.tsx';
import classes from './transaction-list.module.css';

export interface HistoryListProps {
  readonly filter: HistoryFilter;
  readonly onOpen: (id: string) => void;
}

/** What ended and is like that, newest first, with more of it on demand. */
export function HistoryList({ filter, onOpen }: HistoryListProps): ReactNode {
  const history = useHistory(filter);
  const items = history.data?.pages.flatMap((page) => page.items);
  if (!items) return <Loading failure={history.failureReason} onRetry={() => void history.refetch()} />;
  return (
    <>
      <FailureNotice what="load the history" failure={history.error} />
      {items.length === 0 && (
        <Empty>
          {history.hasNextPage ? 'Nothing like that so far.' : 'Nothing like that is remembered.'}
        </Empty>
      )}
      {items.length > 0 && (
        <ul className={classes['list']} aria-label="History">
          {items.map((transaction) => (
            <EndedRow key={transaction.id} transaction={transaction} onOpen={onOpen} />
          ))}
        </ul>
      )}
      {history.hasNextPage && (
        <Button
          variant="default"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          Look further back
        </Button>
      )}
    </>
  );
}
