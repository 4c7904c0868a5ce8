/** The closed sets of states that server and browser share. Tables keyed by them fail to compile when one is missing. */

export const LINK_STATES = ['connecting', 'up', 'down', 'disabled'] as const;
/** Whether the mirror can be talked to. */
export type LinkState = (typeof LINK_STATES)[number];

export const CONTENT_STATES = ['in-sync', 'stale', 'resyncing', 'unknown'] as const;
/** Whether the mirror holds what the local tree holds. */
export type ContentState = (typeof CONTENT_STATES)[number];

export const TRANSACTION_STATES = [
  'preparing',
  'applying',
  'committing',
  'committed',
  'undoing',
  'rolled-back',
] as const;
export type TransactionState = (typeof TRANSACTION_STATES)[number];

export const PARTICIPANT_STATES = [
  'waiting',
  'applying',
  'applied',
  'retrying',
  'failed',
  'undone',
  'stale',
] as const;
/** One mirror's part in one transaction. */
export type ParticipantState = (typeof PARTICIPANT_STATES)[number];

export const APPLIANCE_MODES = [
  'starting',
  'recovering',
  'read-write',
  'blocked',
  'read-only',
  'stopping',
  'failed',
] as const;
export type ApplianceMode = (typeof APPLIANCE_MODES)[number];

export const OPERATION_KINDS = [
  'create',
  'write',
  'truncate',
  'mkdir',
  'unlink',
  'rmdir',
  'rename',
  'link',
  'symlink',
  'chmod',
  'chown',
  'times',
  'fsync',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const DIVERGENCE_KINDS = [
  'missing',
  'extra',
  'type',
  'size',
  'mode',
  'owner',
  'mtime',
  'content',
  'target',
  'links',
] as const;
/** In what a path of a mirror differs from the local tree. */
export type DivergenceKind = (typeof DIVERGENCE_KINDS)[number];

export const JOB_STATES = [
  'running',
  'pausing',
  'paused',
  'done',
  'failed',
  'cancelled',
  'interrupted',
] as const;
/** Pausing: what is under way comes to its end. Interrupted: by the end of the appliance. */
export type JobState = (typeof JOB_STATES)[number];

export const JOB_PHASES = ['connecting', 'comparing', 'repairing'] as const;
/** What a job that isn't over is doing. */
export type JobPhase = (typeof JOB_PHASES)[number];

/** How a mirror was at its worst in a span of time, the best first. */
export const TRIAL_STEPS = ['address', 'hostKey', 'login', 'path'] as const;
/** What has to be right before a mirror can be one, in order. */
export type TrialStep = (typeof TRIAL_STEPS)[number];

export const METRIC_STATES = ['in-sync', 'detached', 'stale', 'down'] as const;
export type MetricState = (typeof METRIC_STATES)[number];

/** What a token may be used for; each includes those before it. */
export const SCOPES = ['read', 'operate', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export function includesScope(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed);
}
