import type {
  MirrorView,
  ParticipantView,
  Reason,
  TransactionDetail,
  TransactionView,
} from '../../shared/api.ts';
import type { AppError } from '../base/errors.ts';
import type { Space } from '../filesystem/file-tree.ts';
import { lacksOf } from '../mirror/guarantee.ts';
import type { MirrorCapabilities } from '../mirror/link-state.ts';
import type { ParticipantProgress, Timeline, TransactionSnapshot } from '../transaction/transaction.ts';
import type { SyncedMirror } from './synced-mirror.ts';

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function reasonOf(error: AppError): Reason {
  return { code: error.code, message: error.message };
}

/** A transaction as the API shows it. */
export function transactionView(snapshot: TransactionSnapshot): TransactionView {
  const { state, endedAtMs, error } = snapshot;
  const outcome = state === 'committed' || state === 'rolled-back' ? state : undefined;
  return {
    id: snapshot.id,
    operation: snapshot.operation,
    path: snapshot.path,
    ...(snapshot.to !== undefined && { to: snapshot.to }),
    ...(snapshot.sizeBytes !== undefined && { sizeBytes: snapshot.sizeBytes }),
    ...(snapshot.uid !== undefined && { uid: snapshot.uid }),
    state,
    startedAt: timeOf(snapshot.startedAtMs),
    ...(endedAtMs !== undefined && { endedAt: timeOf(endedAtMs) }),
    ...(outcome && { outcome }),
    ...(error && { error: { ...reasonOf(error), errno: error.row.errno } }),
    participants: snapshot.participants.map(participantView),
  };
}

/** The same with its steps. */
export function transactionDetail(snapshot: TransactionSnapshot, timeline: Timeline): TransactionDetail {
  return {
    ...transactionView(snapshot),
    timeline: timeline.entries.map(({ atMs, mirror = null, state, attempt, error }) => ({
      afterMs: Math.max(0, atMs - snapshot.startedAtMs),
      mirror,
      state,
      attempt,
      ...(error && { error: reasonOf(error) }),
    })),
    timelineLeftOut: timeline.leftOut,
  };
}

export function participantView(part: ParticipantProgress): ParticipantView {
  return {
    mirror: part.mirror,
    state: part.state,
    attempt: part.attempt,
    attempts: part.attempts,
    ...(part.nextRetryAtMs !== undefined && { nextRetryAt: timeOf(part.nextRetryAtMs) }),
    ...(part.error && { error: reasonOf(part.error) }),
  };
}

/** A mirror as the API shows it. */
export function mirrorView(synced: SyncedMirror, space: Space | undefined): MirrorView {
  const { link, config } = synced.mirror;
  const { capabilities } = link;
  return {
    id: synced.name,
    host: config.host,
    port: config.port ?? 22,
    path: config.path,
    required: config.required,
    detached: synced.detachment !== undefined,
    joining: synced.isJoining,
    link: link.state,
    content: synced.content.state,
    ...reasonField(synced),
    linkSince: timeOf(link.sinceMs),
    contentSince: timeOf(synced.content.sinceMs),
    stalePaths: synced.stale.size,
    rttMs: link.rttMs ?? null,
    freeBytes: space?.freeBytes ?? null,
    capabilities: capabilities ? capabilitiesView(capabilities) : null,
    lastOkAt: link.lastOkAtMs === undefined ? null : timeOf(link.lastOkAtMs),
    lastScrubAt: synced.lastScrubs ? timeOf(synced.lastScrubs.scrubbedAtMs) : null,
  };
}

function capabilitiesView(capabilities: MirrorCapabilities): NonNullable<MirrorView['capabilities']> {
  return {
    posixRename: capabilities.atomicRename,
    hardlink: capabilities.hardLinks,
    fsync: capabilities.fsync,
    statvfs: capabilities.statvfs,
    lsetstat: capabilities.lsetstat,
    maxWriteBytes: capabilities.maxWriteBytes,
    owners: capabilities.owners,
    clockAheadMs: capabilities.clockAheadMs ?? null,
    lacks: lacksOf(capabilities),
  };
}

function reasonField(synced: SyncedMirror): { reason?: Reason } {
  if (synced.detachment !== undefined)
    return { reason: { code: 'MIRROR_DISABLED', message: synced.detachment } };
  const { reason } = synced.mirror.link;
  if (reason) return { reason };
  const problem = synced.reconciler.problems[0];
  if (synced.stale.size === 0 || !problem) return {};
  return {
    reason: { code: problem.error.code, message: `${problem.affected.path}: ${problem.error.message}` },
  };
}
