import { memo, type ReactNode, useDeferredValue } from 'react';
import type { Overview, TransactionView } from '../../../shared/api.ts';
import { useAtNow } from '../api/feed-context.ts';
import { formatCount, formatNumber } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { TRANSACTION_LOOKS } from './looks.ts';
import { OperationLine } from './operation-line.tsx';
import { ParticipantChips } from './participant-chips.tsx';
import { RelativeTime } from './relative-time.tsx';
import { Empty, Section } from './section.tsx';
import classes from './transaction-list.module.css';
import { TransactionActions } from './transaction-actions.tsx';

const SHOWN = 30;
/** What is over within this time would only flicker in the list; it is counted. */
const LISTED_AFTER_MS = 500;

/** What is being carried out now. */
export const InFlightList = memo(({ inFlight }: { readonly inFlight: Overview['inFlight'] }): ReactNode => {
  const listedBeforeMs = useDeferredValue(useAtNow((nowMs) => nowMs)) - LISTED_AFTER_MS;
  const shown = inFlight.items
    .filter(({ startedAt }) => Date.parse(startedAt) <= listedBeforeMs)
    .slice(0, SHOWN);
  const hidden = inFlight.count - shown.length;
  return (
    <Section
      title="In flight"
      testId="in-flight"
      note={<span data-testid="in-flight-count">{formatCount(inFlight.count, 'transaction')}</span>}
    >
      {shown.length === 0 && (
        <Empty>
          {inFlight.count === 0
            ? 'Nothing is being written right now.'
            : `${formatCount(inFlight.count, 'transaction')} under way, too short-lived to list.`}
        </Empty>
      )}
      {shown.length > 0 && (
        <ul className={classes['list']} aria-label="Transactions in flight">
          {shown.map((transaction) => (
            <InFlightRow key={transaction.id} transaction={transaction} />
          ))}
        </ul>
      )}
      {shown.length > 0 && hidden > 0 && (
        <p className={classes['more']}>{formatNumber(hidden)} more are not listed.</p>
      )}
    </Section>
  );
});

const InFlightRow = memo(
  ({ transaction }: { readonly transaction: TransactionView }): ReactNode => (
    <li className={classes['row']} data-testid="in-flight-row" data-transaction={transaction.id}>
      <div className={classes['what']}>
        <OperationLine transaction={transaction} />
        <div className={classes['meta']}>
          <Chip look={TRANSACTION_LOOKS[transaction.state]} />
          <span>
            begun <RelativeTime at={transaction.startedAt} />
          </span>
        </div>
        <ParticipantChips participants={transaction.participants} />
      </div>
      <TransactionActions transaction={transaction} />
    </li>
  ),
);
