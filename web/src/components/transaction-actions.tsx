import { Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { RotateCw, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { TransactionView } from '../../../shared/api.ts';
import { transactionRefusals } from '../api/allowed-changes.ts';
import { type TransactionChangeName, useTransactionChange } from '../api/changes.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { ActionButton } from './action-button.tsx';
import { ChangeOutcome } from './change-outcome.tsx';
import { Confirm } from './confirm.tsx';
import { OPERATION_LABELS } from './looks.ts';
import { OperationLine } from './operation-line.tsx';

const VERBS: Record<TransactionChangeName, string> = {
  retry: 'try this transaction again',
  cancel: 'cancel this transaction',
};

/** Retry now, and cancel. */
export function TransactionActions({ transaction }: { readonly transaction: TransactionView }): ReactNode {
  const change = useTransactionChange(transaction.id);
  const [asking, ask] = useDisclosure(false);
  const refusals = transactionRefusals(transaction);
  const name = `${OPERATION_LABELS[transaction.operation]} ${capMiddle(escapeText(transaction.path), 80).text}`;
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
        <ActionButton
          label="Retry now"
          name={`Retry now: ${name}`}
          icon={RotateCw}
          refusal={refusals.retry}
          pending={change.pending === 'retry'}
          onPress={() => change.run('retry')}
        />
        <ActionButton
          label="Cancel"
          name={`Cancel: ${name}`}
          icon={X}
          refusal={refusals.cancel}
          pending={change.pending === 'cancel'}
          onPress={ask.open}
        />
      </Group>
      <ChangeOutcome change={change} verbs={VERBS} />
      <Confirm
        opened={asking}
        onClose={ask.close}
        onConfirm={() => change.run('cancel')}
        question="Cancel this transaction?"
        doIt="Cancel the transaction"
        leaveIt="Let it go on"
      >
        <Stack gap="xs">
          <OperationLine transaction={transaction} />
          <Text size="sm">
            It is undone on every mirror that has it already, and what it wanted to change stays as it was
            before. The waiting program gets the error ECANCELED.
          </Text>
        </Stack>
      </Confirm>
    </Stack>
  );
}
