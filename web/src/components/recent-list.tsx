import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Counters, Overview, TransactionView } from '../../../shared/api.ts';
import { formatCount, formatNumber } from '../format/quantities.ts';
import { EndedRow } from './ended-row.tsx';
import { Empty, Section } from './section.tsx';
import classes from './transaction-list.module.css';

const SHOWN = 12;

export interface RecentListProps {
  readonly recent: readonly TransactionView[];
  readonly counters: Counters;
  readonly outcomes24h: Overview['outcomes24h'];
  /** Those that were too fast to be sent one by one. */
  readonly unlisted: number;
}

/** What ended, newest first. */
export function RecentList({ recent, counters, outcomes24h, unlisted }: RecentListProps): ReactNode {
  const shown = recent.slice(0, SHOWN);
  return (
    <Section
      title="Recent outcomes"
      testId="recent"
      note={<CounterNote counters={counters} outcomes24h={outcomes24h} />}
    >
      {shown.length === 0 ? (
        <Empty>Nothing has been written since Proxyfs started.</Empty>
      ) : (
        <ul className={classes['list']} aria-label="Recent outcomes">
          {shown.map((transaction) => (
            <EndedRow key={transaction.id} transaction={transaction} />
          ))}
        </ul>
      )}
      <Link to="/transactions">All that is remembered</Link>
      {unlisted > 0 && (
        <p className={classes['more']}>
          {formatCount(unlisted, 'transaction')} came too fast to be listed; the counts above include them.
        </p>
      )}
    </Section>
  );
}

function CounterNote({
  counters,
  outcomes24h,
}: Pick<RecentListProps, 'counters' | 'outcomes24h'>): ReactNode {
  return (
    <>
      <span data-testid="outcomes-24h">24 h: {outcomesText(outcomes24h)}</span> ·{' '}
      <span data-testid="counters">
        since start: {outcomesText(counters)} · {formatCount(counters.retries, 'retry', 'retries')}
      </span>
    </>
  );
}

function outcomesText({ committed, rolledBack }: Overview['outcomes24h']): string {
  return `${formatNumber(committed)} committed · ${formatNumber(rolledBack)} rolled back`;
}
