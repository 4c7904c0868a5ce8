import { Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link2, RotateCw, Unlink2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import type { MirrorChangeName } from '../api/changes.ts';
import { isCountedOn } from '../api/counted-on.ts';
import { mirrorRetryRefusal } from '../api/allowed-changes.ts';
import { type ChangedMany, useManyMirrorsChange } from '../api/many-mirrors.ts';
import { escapeText } from '../format/escape.ts';
import { formatCount, formatList } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';

/** Names told one by one before the rest is counted. */
const NAMED = 8;

export interface MirrorBulkProps {
  readonly mirrors: readonly MirrorView[];
  readonly selected: readonly MirrorView[];
}

/** What can be done with several mirrors at once. A button concerns those of the selected ones for which it makes sense. */
export function MirrorBulk({ mirrors, selected }: MirrorBulkProps): ReactNode {
  const change = useManyMirrorsChange();
  const [asking, ask] = useDisclosure(false);
  const attached = selected.filter(({ detached }) => !detached);
  const detached = selected.filter((mirror) => mirror.detached);
  const retryable = selected.filter((mirror) => mirrorRetryRefusal(mirror) === undefined);
  const run = (name: MirrorChangeName, which: readonly MirrorView[]) =>
    change.run({ name, ids: which.map(({ id }) => id) });
  return (
    <Stack gap="xs" data-testid="mirror-bulk">
      <Group gap="xs" role="group" aria-label="With the selected mirrors">
        <Text size="sm" c="dimmed" role="status">
          {formatCount(selected.length, 'mirror')} selected
        </Text>
        <ActionButton
          label={`Retry now (${retryable.length})`}
          name={`Retry now (${retryable.length}): the selected mirrors`}
          icon={RotateCw}
          refusal={retryable.length === 0 ? 'No selected mirror has anything to retry' : undefined}
          pending={change.pending === 'retry'}
          onPress={() => run('retry', retryable)}
        />
        <ActionButton
          label={`Detach (${attached.length})`}
          name={`Detach (${attached.length}): the selected mirrors`}
          icon={Unlink2}
          refusal={attached.length === 0 ? 'No attached mirror is selected' : undefined}
          pending={change.pending === 'detach'}
          onPress={ask.open}
        />
        <ActionButton
          label={`Attach (${detached.length})`}
          name={`Attach (${detached.length}): the selected mirrors`}
          icon={Link2}
          refusal={detached.length === 0 ? 'No detached mirror is selected' : undefined}
          pending={change.pending === 'attach'}
          onPress={() => run('attach', detached)}
        />
      </Group>
      {change.result && <Refused result={change.result} />}
      <DetachConfirm
        which={attached}
        remaining={mirrors.filter((each) => isCountedOn(each) && !attached.includes(each)).length}
        opened={asking}
        onClose={ask.close}
        onConfirm={() => run('detach', attached)}
      />
    </Stack>
  );
}

interface DetachConfirmProps {
  readonly which: readonly MirrorView[];
  readonly remaining: number;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

function DetachConfirm({ which, remaining, ...dialog }: DetachConfirmProps): ReactNode {
  const count = formatCount(which.length, 'mirror');
  return (
    <Confirm {...dialog} question={`Detach ${count}?`} doIt={`Detach ${count}`} leaveIt="Keep them attached">
      <Stack gap="xs">
        <Text size="sm">
          {namesOf(which)}: from then on writes succeed without them, and their copies grow old. Nothing there
          is deleted. When you attach them again they catch up with every path changed meanwhile.
        </Text>
        <Text size="sm" fw={600}>
          {remaining === 0
            ? 'No required mirror will remain: writes will then be kept on this machine only.'
            : `${formatCount(remaining, 'required mirror')} will remain attached.`}
        </Text>
      </Stack>
    </Confirm>
  );
}

/** The others have changed in the table. */
function Refused({ result: { name, refused } }: { readonly result: ChangedMany }): ReactNode {
  return refused.map(({ id, failure }) => (
    <FailureNotice key={id} what={`${name} ${escapeText(id)}`} failure={failure} />
  ));
}

function namesOf(mirrors: readonly MirrorView[]): string {
  return formatList(
    mirrors.map(({ id }) => escapeText(id)),
    NAMED,
  );
}
