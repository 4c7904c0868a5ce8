import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import type { TransactionDetail } from '../../../shared/api.ts';
import { useTransaction } from '../api/transactions.ts';
import { formatCount, formatExact, formatMilliseconds } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { ErrorLine } from './error-line.tsx';
import { type Look, OUTCOME_LOOKS, PARTICIPANT_LOOKS, TRANSACTION_LOOKS } from './looks.ts';
import { OperationLine } from './operation-line.tsx';
import { ParticipantChips } from './participant-chips.tsx';
import { QueryState } from './query-state.tsx';
import { SafeText } from './safe-text.tsx';
import classes from './transaction-drawer.module.css';

type Step = TransactionDetail['timeline'][number];

export interface TransactionDrawerProps {
  readonly id: string | undefined;
  readonly onClose: () => void;
}

/** The steps of one transaction, beside the list that it was chosen from. */
export function TransactionDrawer({ id, onClose }: TransactionDrawerProps): ReactNode {
  return (
    <Drawer.Root opened={id !== undefined} onClose={onClose} position="right" size="lg">
      <Drawer.Overlay />
      <Drawer.Content>
        {/* No <header>: the page has one already. */}
        <div className={classes['head']}>
          <Drawer.Title fw={650}>Transaction</Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </div>
        <Drawer.Body>{id !== undefined && <Steps id={id} />}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Steps({ id }: { readonly id: string }): ReactNode {
  const query = useTransaction(id);
  return (
    <QueryState query={query}>
      {(transaction) => (
        <div className={classes['body']} data-testid="transaction">
          <Chip
            look={
              transaction.outcome === undefined
                ? TRANSACTION_LOOKS[transaction.state]
                : OUTCOME_LOOKS[transaction.outcome]
            }
          />
          <OperationLine transaction={transaction} />
          <div className={classes['quiet']}>
            began {formatExact(Date.parse(transaction.startedAt))}
            {transaction.uid !== undefined && `, asked for by user ${transaction.uid}`}
          </div>
          {transaction.error && (
            <ErrorLine who={`Told the caller ${transaction.error.errno}:`} error={transaction.error} />
          )}
          <ParticipantChips participants={transaction.participants} />
          <ol className={classes['timeline']} aria-label="Steps">
            {transaction.timeline.map((step, index) => (
              // Steps have no identity but their place.
              // oxlint-disable-next-line react/no-array-index-key
              <StepRow key={index} step={step} />
            ))}
          </ol>
          {transaction.timelineLeftOut > 0 && (
            <p className={classes['quiet']}>
              {formatCount(transaction.timelineLeftOut, 'step')} more left out.
            </p>
          )}
        </div>
      )}
    </QueryState>
  );
}

const LOOKS: Readonly<Record<Step['state'], Look>> = { ...TRANSACTION_LOOKS, ...PARTICIPANT_LOOKS };

function StepRow({ step: { afterMs, mirror, state, attempt, error } }: { readonly step: Step }): ReactNode {
  const applying = mirror === null ? TRANSACTION_LOOKS.applying : PARTICIPANT_LOOKS.applying;
  // What is over doesn't turn.
  const { turning: _, ...look } = state === 'applying' ? applying : LOOKS[state];
  return (
    <li className={classes['step']} data-testid="step">
      <span className={classes['after']}>+{formatMilliseconds(afterMs)}</span>
      <span className={classes['who']}>
        {mirror === null ? (
          'the whole'
        ) : (
          <SafeText what="mirror's name" limitChars={40}>
            {mirror}
          </SafeText>
        )}
      </span>
      <Chip look={look}>
        {look.label}
        {attempt > 0 && ` · attempt ${attempt}`}
      </Chip>
      {error && <ErrorLine who={mirror ?? 'the whole'} error={error} />}
    </li>
  );
}
