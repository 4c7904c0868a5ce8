import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { changesRefusedBecause } from '../api/connection.ts';
import { useConnection } from '../api/feed-context.ts';
import { escapeText } from '../format/escape.ts';

export interface ConfirmProps {
  readonly opened: boolean;
  /** A question that names the object. */
  readonly question: ReactNode;
  /** What follows if it is done. */
  readonly children: ReactNode;
  readonly doIt: string;
  readonly leaveIt: string;
  /** What has to be typed first, where something is lost. */
  readonly typed?: string | undefined;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that hurts. Leaving it is what Enter does. */
export function Confirm(props: ConfirmProps): ReactNode {
  const [asked, setAsked] = useState(false);
  if (props.opened && !asked) setAsked(true);
  // There before it opens, else it wouldn't give the focus back; not there at all for the many that nobody opens.
  const opened = useDeferredValue(props.opened);
  return asked && <ConfirmDialog {...props} opened={opened} />;
}

function ConfirmDialog(props: ConfirmProps): ReactNode {
  const refusal = changesRefusedBecause(useConnection());
  const [typed, setTyped] = useState('');
  const isTyped = props.typed === undefined || typed === props.typed;
  const confirm = () => {
    setTyped('');
    props.onClose();
    props.onConfirm();
  };
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={<Text fw={650}>{props.question}</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
      centered
    >
      <Stack gap="md">
        <div>{props.children}</div>
        {props.typed !== undefined && (
          <TextInput
            label={`Type “${escapeText(props.typed)}” to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        {refusal !== undefined && (
          <Text size="sm" c="var(--tone-bad-fg)" role="status">
            {refusal}.
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.onClose} data-autofocus>
            {props.leaveIt}
          </Button>
          <Button color="red.9" disabled={refusal !== undefined || !isTyped} onClick={confirm}>
            {props.doIt}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
