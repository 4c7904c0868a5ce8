import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  Clock,
  Hourglass,
  LoaderCircle,
  Lock,
  type LucideIcon,
  OctagonX,
  Pause,
  PencilLine,
  PlugZap,
  Power,
  RefreshCw,
  RotateCcw,
  TriangleAlert,
  Undo2,
  Unplug,
} from 'lucide-react';
import type { AttentionItem, Outcome } from '../../../shared/api.ts';
import type {
  ApplianceMode,
  ContentState,
  DivergenceKind,
  JobState,
  LinkState,
  OperationKind,
  ParticipantState,
  TransactionState,
} from '../../../shared/states.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

/** How a state is shown: never by colour alone. */
export interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: LucideIcon;
  /** Turns while the state lasts, where motion is welcome. */
  readonly turning?: true;
}

export const LINK_LOOKS: Record<LinkState, Look> = {
  connecting: { label: 'Connecting', tone: 'busy', icon: LoaderCircle, turning: true },
  up: { label: 'Connected', tone: 'good', icon: PlugZap },
  down: { label: 'Down', tone: 'bad', icon: Unplug },
  disabled: { label: 'Detached', tone: 'idle', icon: Ban },
};

export const CONTENT_LOOKS: Record<ContentState, Look> = {
  'in-sync': { label: 'In sync', tone: 'good', icon: CircleCheck },
  stale: { label: 'Stale', tone: 'warn', icon: TriangleAlert },
  resyncing: { label: 'Catching up', tone: 'busy', icon: RefreshCw, turning: true },
  unknown: { label: 'Not known yet', tone: 'idle', icon: CircleDashed },
};

export const TRANSACTION_LOOKS: Record<TransactionState, Look> = {
  preparing: { label: 'Preparing', tone: 'idle', icon: Hourglass },
  applying: { label: 'Applying', tone: 'busy', icon: LoaderCircle, turning: true },
  committing: { label: 'Committing', tone: 'busy', icon: LoaderCircle, turning: true },
  committed: { label: 'Committed', tone: 'good', icon: CircleCheck },
  undoing: { label: 'Undoing', tone: 'warn', icon: Undo2 },
  'rolled-back': { label: 'Rolled back', tone: 'bad', icon: CircleX },
};

export const PARTICIPANT_LOOKS: Record<ParticipantState, Look> = {
  waiting: { label: 'waiting', tone: 'idle', icon: Hourglass },
  applying: { label: 'applying', tone: 'busy', icon: LoaderCircle, turning: true },
  applied: { label: 'applied', tone: 'good', icon: CircleCheck },
  retrying: { label: 'retrying', tone: 'warn', icon: RotateCcw },
  failed: { label: 'failed', tone: 'bad', icon: CircleX },
  undone: { label: 'undone', tone: 'idle', icon: Undo2 },
  stale: { label: 'stale', tone: 'warn', icon: TriangleAlert },
};

export const OUTCOME_LOOKS: Record<Outcome, Look> = {
  committed: { label: 'Committed', tone: 'good', icon: CircleCheck },
  'rolled-back': { label: 'Rolled back', tone: 'bad', icon: CircleX },
};

export const MODE_LOOKS: Record<ApplianceMode, Look> = {
  starting: { label: 'Starting', tone: 'busy', icon: Clock },
  recovering: { label: 'Recovering', tone: 'busy', icon: RefreshCw, turning: true },
  'read-write': { label: 'Writable', tone: 'good', icon: PencilLine },
  blocked: { label: 'Writes blocked', tone: 'bad', icon: OctagonX },
  'read-only': { label: 'Read-only', tone: 'warn', icon: Lock },
  stopping: { label: 'Stopping', tone: 'warn', icon: Power },
  failed: { label: 'Failed', tone: 'bad', icon: OctagonX },
};

export const SEVERITY_LOOKS: Record<AttentionItem['severity'], Look> = {
  warning: { label: 'Warning', tone: 'warn', icon: TriangleAlert },
  critical: { label: 'Critical', tone: 'bad', icon: OctagonX },
};

export const OPERATION_LABELS: Record<OperationKind, string> = {
  create: 'create file',
  write: 'write',
  truncate: 'set size',
  mkdir: 'make directory',
  unlink: 'delete file',
  rmdir: 'delete directory',
  rename: 'rename',
  link: 'hard link',
  symlink: 'symlink',
  chmod: 'change mode',
  chown: 'change owner',
  times: 'set times',
  fsync: 'flush to disk',
};

export const JOB_LOOKS: Record<JobState, Look> = {
  running: { label: 'Running', tone: 'busy', icon: LoaderCircle, turning: true },
  pausing: { label: 'Pausing', tone: 'busy', icon: Pause },
  paused: { label: 'Paused', tone: 'warn', icon: Pause },
  done: { label: 'Done', tone: 'good', icon: CircleCheck },
  failed: { label: 'Failed', tone: 'bad', icon: CircleX },
  cancelled: { label: 'Cancelled', tone: 'idle', icon: Ban },
  interrupted: { label: 'Interrupted', tone: 'warn', icon: Power },
};

/** In what a mirror's path differs from the local one. */
export const DIVERGENCE_LABELS: Record<DivergenceKind, string> = {
  missing: 'missing there',
  extra: 'only there',
  type: 'another type',
  size: 'another size',
  mode: 'another mode',
  owner: 'another owner',
  mtime: 'another time',
  content: 'other content',
  target: 'another target',
  links: 'other hard links',
};
