import type { ParticipantView } from '../../../shared/api.ts';
import { PARTICIPANT_STATES, type ParticipantState } from '../../../shared/states.ts';

/** Up to this many mirrors each has its own chip; of more, only those in trouble have. */
const EACH_SHOWN = 8;

const TROUBLE: Record<ParticipantState, boolean> = {
  waiting: false,
  applying: false,
  applied: false,
  retrying: true,
  failed: true,
  undone: false,
  stale: true,
};

export interface ParticipantGroups {
  readonly shown: readonly ParticipantView[];
  /** The others, counted by state. */
  readonly counted: readonly { readonly state: ParticipantState; readonly count: number }[];
}

/** Which mirrors of a transaction to show one by one, so that fifty mirrors don't bury the one that matters. */
export function participantGroups(participants: readonly ParticipantView[]): ParticipantGroups {
  if (participants.length <= EACH_SHOWN) return { shown: participants, counted: [] };
  const shown = participants.filter((part) => TROUBLE[part.state]).slice(0, EACH_SHOWN);
  const rest = participants.filter((part) => !shown.includes(part));
  const counted = PARTICIPANT_STATES.map((state) => ({
    state,
    count: rest.filter((part) => part.state === state).length,
  })).filter((group) => group.count > 0);
  return { shown, counted };
}
