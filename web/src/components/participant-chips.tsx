import type { ReactNode } from 'react';
import type { ParticipantView } from '../../../shared/api.ts';
import type { ParticipantState } from '../../../shared/states.ts';
import { useAtNow } from '../api/feed-context.ts';
import { participantGroups } from '../api/participant-groups.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatCount, secondsUntil } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { PARTICIPANT_LOOKS } from './looks.ts';
import { ErrorLine } from './error-line.tsx';
import classes from './participant-chips.module.css';

/** Each mirror's part in a transaction: state, attempt, when it is tried again, and what it said. */
export function ParticipantChips({
  participants,
}: {
  readonly participants: readonly ParticipantView[];
}): ReactNode {
  const { shown, counted } = participantGroups(participants);
  return (
    <>
      <ul className={classes['chips']} aria-label="Mirrors">
        {shown.map((part) => (
          <li key={part.mirror} data-testid="participant" data-mirror={part.mirror}>
            <Chip look={PARTICIPANT_LOOKS[part.state]}>
              {capMiddle(escapeText(part.mirror), 40).text} {PARTICIPANT_LOOKS[part.state].label}
              <Attempt part={part} />
            </Chip>
          </li>
        ))}
        {counted.map(({ state, count }) => (
          <li key={state}>
            <Chip look={PARTICIPANT_LOOKS[state]}>
              {formatCount(count, 'mirror')} {PARTICIPANT_LOOKS[state].label}
            </Chip>
          </li>
        ))}
      </ul>
      {shown.map(
        (part) => part.error && <ErrorLine key={part.mirror} who={part.mirror} error={part.error} />,
      )}
    </>
  );
}

/** The states in which even the first attempt is worth its number. */
const TRYING: Record<ParticipantState, boolean> = {
  waiting: false,
  applying: true,
  applied: false,
  retrying: true,
  failed: true,
  undone: false,
  stale: false,
};

function Attempt({ part }: { readonly part: ParticipantView }): ReactNode {
  if (part.attempt < 2 && !TRYING[part.state]) return null;
  return (
    <span className={classes['attempt']}>
      {' '}
      · attempt {part.attempt}/{part.attempts}
      {part.state === 'retrying' && part.nextRetryAt !== undefined && <Countdown at={part.nextRetryAt} />}
    </span>
  );
}

function Countdown({ at }: { readonly at: string }): ReactNode {
  const seconds = useAtNow((nowMs) => secondsUntil(Date.parse(at), nowMs));
  return <> · {seconds === 0 ? 'again now' : `again in ${seconds} s`}</>;
}
