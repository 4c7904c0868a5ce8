import { Button, Tooltip, VisuallyHidden } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { Scope } from '../../../shared/states.ts';
import { changesRefusedBecause } from '../api/connection.ts';
import { useConnection } from '../api/feed-context.ts';
import { useScopeRefusal } from '../api/who.ts';

export interface ActionButtonProps {
  readonly label: string;
  /** The name for a reader who doesn't see what the button stands beside; begins with the label. */
  readonly name: string;
  readonly icon: LucideIcon;
  readonly onPress: () => void;
  /** Why it can't be pressed. A lost connection is a reason of its own, and so is a token that may only look. */
  readonly refusal?: string | undefined;
  readonly pending?: boolean;
  readonly danger?: boolean;
  /** What a token must be good for. */
  readonly scope?: Scope;
}

const EVENTS = { hover: true, focus: true, touch: true };

/** A button for a change. One that can't be pressed stays reachable and says why. */
export function ActionButton(props: ActionButtonProps): ReactNode {
  const { label, name, icon: Icon, onPress, pending = false, danger = false } = props;
  const connection = useConnection();
  const scopeRefusal = useScopeRefusal(props.scope ?? 'operate');
  const refusal = changesRefusedBecause(connection) ?? scopeRefusal ?? props.refusal;
  const reasonId = useId();
  const refused = refusal !== undefined;
  return (
    <Tooltip label={refusal} disabled={!refused} events={EVENTS} multiline maw={260} withArrow>
      <Button
        size="xs"
        variant="default"
        data-danger={danger || undefined}
        leftSection={<Icon size={14} aria-hidden />}
        aria-label={name}
        aria-disabled={refused || pending}
        aria-describedby={refused ? reasonId : undefined}
        data-disabled={refused || undefined}
        loading={pending}
        onClick={refused || pending ? undefined : onPress}
      >
        {label}
        {refused && <VisuallyHidden id={reasonId}>{refusal}</VisuallyHidden>}
      </Button>
    </Tooltip>
  );
}
