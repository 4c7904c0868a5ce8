import type { MirrorView, TransactionView } from '../../../shared/api.ts';
import type { ContentState, JobState, LinkState, TransactionState } from '../../../shared/states.ts';

/** Why a button can't be pressed, or undefined when it can. */
export type Refusal = string | undefined;

const CONTENT_RETRY: Record<ContentState, Refusal> = {
  'in-sync': 'Connected and in sync: nothing to retry',
  stale: undefined,
  resyncing: 'It is catching up right now',
  unknown: undefined,
};

const MIRROR_RETRY: Record<LinkState, (content: ContentState) => Refusal> = {
  connecting: () => 'A connection is being tried right now',
  up: (content) => CONTENT_RETRY[content],
  down: () => undefined,
  disabled: () => 'Detached: attach it first',
};

export function mirrorRetryRefusal(mirror: Pick<MirrorView, 'link' | 'content'>): Refusal {
  return MIRROR_RETRY[mirror.link](mirror.content);
}

const MIRROR_SCRUB: Record<LinkState, Refusal> = {
  connecting: 'Not connected: there is nothing to compare with',
  up: undefined,
  down: 'Not connected: there is nothing to compare with',
  disabled: 'Detached: attach it first',
};

export function mirrorScrubRefusal({ link }: Pick<MirrorView, 'link'>): Refusal {
  return MIRROR_SCRUB[link];
}

interface TransactionRefusals {
  readonly retry: Refusal;
  readonly cancel: Refusal;
}

const DECIDED = 'Already decided: it is being committed';
const UNDOING = 'Already being undone';
const OVER = 'It is over';

const TRANSACTION_CHANGES: Record<TransactionState, TransactionRefusals> = {
  preparing: { retry: 'Nothing has been tried yet', cancel: undefined },
  applying: { retry: undefined, cancel: undefined },
  committing: { retry: DECIDED, cancel: DECIDED },
  committed: { retry: OVER, cancel: OVER },
  undoing: { retry: UNDOING, cancel: UNDOING },
  'rolled-back': { retry: OVER, cancel: OVER },
};

export function transactionRefusals(
  transaction: Pick<TransactionView, 'state' | 'participants'>,
): TransactionRefusals {
  const byState = TRANSACTION_CHANGES[transaction.state];
  if (byState.retry !== undefined) return byState;
  const waits = transaction.participants.some((part) => part.state === 'retrying');
  return { ...byState, retry: waits ? undefined : 'No mirror is waiting for its next attempt' };
}

interface JobRefusals {
  readonly pause: Refusal;
  readonly resume: Refusal;
  readonly cancel: Refusal;
}

const JOB_OVER: JobRefusals = { pause: OVER, resume: OVER, cancel: OVER };

/** What can't be done with a job just now. */
export const JOB_REFUSALS: Record<JobState, JobRefusals> = {
  running: { pause: undefined, resume: 'It is running', cancel: undefined },
  pausing: { pause: 'It is pausing', resume: undefined, cancel: undefined },
  paused: { pause: 'It is paused', resume: undefined, cancel: undefined },
  done: JOB_OVER,
  failed: JOB_OVER,
  cancelled: JOB_OVER,
  interrupted: JOB_OVER,
};
