import { Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link2, RotateCw, Unlink2 } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { mirrorRetryRefusal } from '../api/allowed-changes.ts';
import { type MirrorChangeName, useMirrorChange } from '../api/changes.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatCount } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import { ChangeOutcome } from './change-outcome.tsx';
import { Confirm } from './confirm.tsx';
import { MirrorScrub } from './mirror-scrub.tsx';
import { SafeText } from './safe-text.tsx';

/** What the buttons depend on. */
const ACTED_ON = ['id', 'host', 'required', 'detached', 'link', 'content'] as const;

export interface MirrorActionsProps {
  readonly mirror: Pick<MirrorView, (typeof ACTED_ON)[number]>;
  readonly otherRequired: number;
  /** Whether a scrub can be begun here too. */
  readonly scrubs?: boolean;
}

/** Detach or attach, and retry. Not rendered anew with each second's figures of the mirror. */
export const MirrorActions = memo(Actions, (before, now) => {
  const isSame = ACTED_ON.every((key) => before.mirror[key] === now.mirror[key]);
  return isSame && before.otherRequired === now.otherRequired;
});

function Actions({ mirror, otherRequired, scrubs = false }: MirrorActionsProps): ReactNode {
  const change = useMirrorChange(mirror.id);
  const [asking, ask] = useDisclosure(false);
  const name = shortName(mirror.id);
  const verbs: Record<MirrorChangeName, string> = {
    detach: `detach ${name}`,
    attach: `attach ${name}`,
    retry: `retry ${name}`,
  };
  return (
    <Stack gap="xs" mt="auto">
      <Group gap="xs">
        {mirror.detached ? (
          <ActionButton
            label="Attach"
            name={`Attach ${name}`}
            icon={Link2}
            pending={change.pending === 'attach'}
            onPress={() => change.run('attach')}
          />
        ) : (
          <ActionButton
            label="Detach"
            name={`Detach ${name}`}
            icon={Unlink2}
            pending={change.pending === 'detach'}
            onPress={ask.open}
          />
        )}
        <ActionButton
          label="Retry now"
          name={`Retry now: ${name}`}
          icon={RotateCw}
          refusal={mirrorRetryRefusal(mirror)}
          pending={change.pending === 'retry'}
          onPress={() => change.run('retry')}
        />
        {scrubs && <MirrorScrub mirror={mirror} name={name} />}
      </Group>
      <ChangeOutcome change={change} verbs={verbs} />
      <DetachConfirm
        mirror={mirror}
        otherRequired={otherRequired}
        opened={asking}
        onClose={ask.close}
        onConfirm={() => change.run('detach')}
      />
    </Stack>
  );
}

interface DetachConfirmProps extends Omit<MirrorActionsProps, 'scrubs'> {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

function DetachConfirm({ mirror, otherRequired, ...dialog }: DetachConfirmProps): ReactNode {
  const name = shortName(mirror.id);
  return (
    <Confirm
      {...dialog}
      question={
        <>
          Detach{' '}
          <SafeText what="mirror's name" limitChars={60}>
            {mirror.id}
          </SafeText>
          ?
        </>
      }
      doIt={`Detach ${name}`}
      leaveIt="Keep it attached"
    >
      <Stack gap="xs">
        <Text size="sm">
          From then on writes succeed without it, and its copy at {escapeText(mirror.host)} grows old. Nothing
          there is deleted. When you attach it again it catches up with every path changed meanwhile.
        </Text>
        <Text size="sm" fw={600}>
          {detachConsequence(mirror.required, otherRequired)}
        </Text>
      </Stack>
    </Confirm>
  );
}

function detachConsequence(required: boolean, otherRequired: number): string {
  if (!required) return 'It is optional: writes do not wait for it now either.';
  if (otherRequired === 0)
    return 'It is the last required mirror: writes will then be kept on this machine only.';
  return `${formatCount(otherRequired, 'required mirror')} will remain attached.`;
}

function shortName(id: string): string {
  return capMiddle(escapeText(id), 40).text;
}
