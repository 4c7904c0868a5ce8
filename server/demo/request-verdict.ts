import type { RequestKind } from './sftp-requests.ts';

/** A request that is about to be carried out. */
export interface SeenRequest {
  readonly kind: RequestKind;
  /** As seen from the served directory (`/a/b`); for requests by handle, the path it was opened under. */
  readonly path: string | undefined;
  /** The how-many-th of its kind on this server, from 1. */
  readonly count: number;
}

/** What is to become of a request. */
export type Verdict =
  /** Carried out and answered. */
  | 'serve'
  /** Not carried out, answered with this status of SFTP. */
  | { readonly status: number }
  /** Carried out, never answered; the session goes on. */
  | 'drop-reply'
  /** Neither carried out nor answered; the session goes on. */
  | 'drop'
  /** Nothing of this session is carried out or answered any more; its connection stays open. */
  | 'hang'
  /** The channel is closed before or after carrying it out; the connection stays. */
  | 'close'
  | 'serve-then-close'
  /** The connection is reset before or after carrying it out. */
  | 'disconnect'
  | 'serve-then-disconnect';

/** Judges each request of every session before it is carried out; a promise delays it and all that follow it. */
export type Intercept = (request: SeenRequest) => Verdict | Promise<Verdict>;
