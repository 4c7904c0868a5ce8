import { memo, type ReactNode } from 'react';
import type { Counters, TransactionView } from '../../../shared/api.ts';
import { formatCount, formatMilliseconds } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { ErrorLine } from './error-line.tsx';
import { OUTCOME_LOOKS, TRANSACTION_LOOKS } from './looks.ts';
import { OperationLine } from './operation-line.tsx';
import { ParticipantChips } from './participant-chips.tsx';
import { RelativeTime } from './relative-time.tsx';
import { Empty, Section } from './section.tsx';
import classes from './transaction-list.module.css';

const SHOWN = 30;

export interface RecentListProps {
  readonly recent: readonly TransactionView[];
  readonly counters: Counters;
  /** Those that were too fast to be sent one by one. */
  readonly unlisted: number;
}

/** What ended, newest first. */
export function RecentList({ recent, counters, unlisted }: RecentListProps): ReactNode {
  const shown = recent.slice(0, SHOWN);
  return (
    <Section title="Recent outcomes" testId="recent" note={<CounterNote counters={counters} />}>
      {shown.length === 0 ? (
        <Empty>Nothing has been written since Proxyfs started.</Empty>
      ) : (
        <ul className={classes['list']} aria-label="Recent outcomes">
          {shown.map((transaction) => (
            <RecentRow key={transaction.id} transaction={transaction} />
          ))}
        </ul>
      )}
      {unlisted > 0 && (
        <p className={classes['more']}>
          {formatCount(unlisted, 'transaction')} came too fast to be listed; the counts above include them.
        </p>
      )}
    </Section>
  );
}

function CounterNote({ counters }: { readonly counters: Counters }): ReactNode {
  const { committed, rolledBack, retries } = counters;
  return (
    <span data-testid="counters">
      since start: {committed.toLocaleString('en-US')} committed · {rolledBack.toLocaleString('en-US')} rolled
      back · {formatCount(retries, 'retry', 'retries')}
    </span>
  );
}

const RecentRow = memo(({ transaction }: { readonly transaction: TransactionView }): ReactNode => {
  const { outcome, error, endedAt, participants } = transaction;
  const look = outcome === undefined ? TRANSACTION_LOOKS[transaction.state] : OUTCOME_LOOKS[outcome];
  return (
    <li className={classes['ended']} data-testid="recent-row" data-outcome={outcome}>
      <Chip look={look} />
      <div className={classes['what']}>
        <OperationLine transaction={transaction} />
        {error && <ErrorLine who={`Told the caller ${error.errno}:`} error={error} />}
        {isRemarkable(transaction) && <ParticipantChips participants={participants} />}
      </div>
      {endedAt !== undefined && (
        <div className={classes['when']}>
          <RelativeTime at={endedAt} />
          <div>took {formatMilliseconds(Date.parse(endedAt) - Date.parse(transaction.startedAt))}</div>
        </div>
      )}
    </li>
  );
});

/** Whether the mirrors' parts tell more than the outcome does. */
function isRemarkable({ outcome, participants }: TransactionView): boolean {
  if (outcome !== 'committed') return true;
  return participants.some(
    (part) => part.attempt > 1 || part.error !== undefined || part.state !== 'applied',
  );
}
