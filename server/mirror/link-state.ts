import type { ErrorCode } from '../../shared/error-codes.ts';
import type { LinkState } from '../../shared/states.ts';
import { type AppError, invariant } from '../base/errors.ts';

/** What a mirror's server and login can do. */
export interface MirrorCapabilities {
  readonly atomicRename: boolean;
  readonly fsync: boolean;
  readonly hardLinks: boolean;
  readonly lsetstat: boolean;
  readonly statvfs: boolean;
  /** Whether files get the owners that they have locally. */
  readonly owners: boolean;
  readonly maxWriteBytes: number;
  /** Whether anything could be written when the link came up. */
  readonly writable: boolean;
  /** How far the server's clock is ahead at least (negative: behind); undefined where that could not be learnt. */
  readonly clockAheadMs: number | undefined;
  /** Differs after each start of the server's machine; undefined where it doesn't tell. */
  readonly bootId: string | undefined;
}

/** What is known of the way to a mirror. Times are milliseconds since the epoch. */
export interface MirrorLink {
  readonly state: LinkState;
  readonly reason?: LinkReason;
  readonly sinceMs: number;
  readonly downSinceMs?: number;
  readonly lastOkAtMs?: number;
  readonly rttMs?: { readonly p50: number; readonly p95: number };
  readonly capabilities?: MirrorCapabilities;
}

export interface LinkReason {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The state of the way to a mirror and why; pure data. */
export interface LinkStatus {
  readonly state: LinkState;
  readonly reason?: LinkReason;
  readonly sinceMs: number;
  /** While connecting again: when it went down, which is what a person wants to know. */
  readonly downSinceMs?: number;
  readonly capabilities?: MirrorCapabilities;
}

export type LinkEvent =
  | { readonly kind: 'attempt' }
  | { readonly kind: 'up'; readonly capabilities: MirrorCapabilities }
  /** An attempt failed, or an established link was lost. */
  | { readonly kind: 'down'; readonly error: AppError }
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  | { readonly kind: 'stop'; readonly error: AppError };

/** Which events each state takes; any other is a bug of the supervision. */
const TAKES: Record<LinkState, readonly LinkEvent['kind'][]> = {
  connecting: ['up', 'down', 'disable', 'stop'],
  up: ['down', 'disable', 'stop'],
  down: ['attempt', 'disable', 'stop'],
  disabled: ['enable', 'disable', 'stop'],
};

export function firstLink(nowMs: number): LinkStatus {
  return { state: 'down', sinceMs: nowMs };
}

/** The state after `event`. */
export function nextLink(link: LinkStatus, event: LinkEvent, nowMs: number): LinkStatus {
  invariant(TAKES[link.state].includes(event.kind), `link ${link.state} takes ${event.kind}`);
  switch (event.kind) {
    case 'attempt':
      // The reason of the last failure stays visible until it is known whether it still holds.
      return {
        state: 'connecting',
        sinceMs: nowMs,
        ...(link.reason && { reason: link.reason, downSinceMs: link.sinceMs }),
      };
    case 'up':
      return { state: 'up', sinceMs: nowMs, capabilities: event.capabilities };
    case 'down':
    case 'stop':
      return { state: 'down', sinceMs: link.downSinceMs ?? nowMs, reason: reasonOf(event.error) };
    case 'disable':
      return link.state === 'disabled' ? link : { state: 'disabled', sinceMs: nowMs };
    case 'enable':
      return { state: 'down', sinceMs: nowMs };
  }
}

function reasonOf({ code, message }: AppError): LinkReason {
  return { code, message };
}
