import { Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Lock, PencilLine } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Overview } from '../../../shared/api.ts';
import { REASON_CHARS } from '../../../shared/requests.ts';
import { useModeChange } from '../api/mode.ts';
import { formatCount } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';

/** Switches writing off for maintenance, and on again. */
export function ModeControl({ overview }: { readonly overview: Overview }): ReactNode {
  const change = useModeChange();
  const [asking, ask] = useDisclosure(false);
  const [reason, setReason] = useState('');
  const isOff = overview.mode === 'read-only';
  const label = isOff ? 'Switch writing on' : 'Switch writing off…';
  return (
    <Stack gap="xs" align="flex-start" mt="xs">
      <ActionButton
        label={label}
        name={label}
        icon={isOff ? PencilLine : Lock}
        scope="admin"
        pending={change.isPending}
        onPress={isOff ? () => change.mutate({ mode: 'readWrite', reason: '' }) : ask.open}
      />
      <FailureNotice what="switch writing" failure={change.error} />
      <Confirm
        opened={asking}
        onClose={ask.close}
        onConfirm={() => change.mutate({ mode: 'readOnly', reason })}
        question="Switch writing off?"
        doIt="Switch writing off"
        leaveIt="Leave it on"
      >
        <Stack gap="xs">
          <Text size="sm">
            From then on every program that writes gets the error EROFS, also after a restart, until writing
            is switched on again. Reading and catching up go on.{' '}
            {formatCount(overview.inFlight.count, 'transaction')} in flight still end as they would.
          </Text>
          <TextInput
            label="Reason"
            description="Shown to everybody who looks here"
            maxLength={REASON_CHARS}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Stack>
      </Confirm>
    </Stack>
  );
}
