import { Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useRemoveMirror } from '../api/mirrors.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatCount } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';
import type { MirrorCardProps } from './mirror-card.tsx';
import { SafeText } from './safe-text.tsx';
import { Section } from './section.tsx';

/** The end of a mirror, for who types its name. */
export function MirrorRemoval({ mirror, otherRequired }: Omit<MirrorCardProps, 'linked'>): ReactNode {
  const navigate = useNavigate();
  const removal = useRemoveMirror(mirror.id, () => void navigate({ to: '/mirrors' }));
  const [asking, ask] = useDisclosure(false);
  const name = capMiddle(escapeText(mirror.id), 40).text;
  return (
    <Section title="Danger zone" testId="danger-zone" note="What is done here is not undone by a click">
      <Stack gap="xs" align="flex-start">
        <ActionButton
          label="Remove this mirror…"
          name={`Remove this mirror… ${name}`}
          icon={Trash2}
          danger
          scope="admin"
          pending={removal.isPending}
          onPress={ask.open}
        />
        <FailureNotice what={`remove ${name}`} failure={removal.error} />
      </Stack>
      <Confirm
        opened={asking}
        onClose={ask.close}
        onConfirm={() => removal.mutate()}
        question={`Remove ${name}?`}
        doIt={`Remove ${name}`}
        leaveIt="Keep it"
        typed={mirror.id}
      >
        <Stack gap="xs">
          <Text size="sm">
            It is taken out of the configuration file, and no change reaches it any more. Its files stay at{' '}
            <SafeText what="address">{`${mirror.host}:${mirror.path}`}</SafeText> and grow old.
          </Text>
          <Text size="sm" fw={600}>
            {otherRequired === 0
              ? 'No required mirror remains: writes will then be kept on this machine only.'
              : `${formatCount(otherRequired, 'required mirror')} will remain.`}
          </Text>
        </Stack>
      </Confirm>
    </Section>
  );
}
