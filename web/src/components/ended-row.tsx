import { UnstyledButton } from '@mantine/core';
import { memo, type ReactNode } from 'react';
import type { TransactionView } from '../../../shared/api.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatMilliseconds } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { ErrorLine } from './error-line.tsx';
import { OPERATION_LABELS, OUTCOME_LOOKS, TRANSACTION_LOOKS } from './looks.ts';
import { OperationLine } from './operation-line.tsx';
import { ParticipantChips } from './participant-chips.tsx';
import { RelativeTime } from './relative-time.tsx';
import classes from './transaction-list.module.css';

export interface EndedRowProps {
  readonly transaction: TransactionView;
  /** Opens its steps, where they can be opened. */
  readonly onOpen?: (id: string) => void;
}

/** One transaction that is over: how it ended, and who had part in that. */
export const EndedRow = memo(({ transaction, onOpen }: EndedRowProps): ReactNode => {
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
          {onOpen && (
            <UnstyledButton
              className={classes['open']}
              aria-label={`Steps: ${OPERATION_LABELS[transaction.operation]} ${capMiddle(escapeText(transaction.path), 80).text}`}
              onClick={() => onOpen(transaction.id)}
            >
              Steps
            </UnstyledButton>
          )}
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
