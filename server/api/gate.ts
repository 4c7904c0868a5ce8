import type { IncomingMessage } from 'node:http';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { HostGuard } from './host-guard.ts';
import { originOf } from './origin.ts';
import { digestOf, hasDigest } from './secrets.ts';
import { SESSION_LIFE_MS, type SessionKey, Sessions } from './sessions.ts';
import type { Grant, Tokens } from './tokens.ts';

/** How a request showed that it may come in. */
export type Access = { readonly grant: Grant } & (
  | { readonly by: 'token' }
  | { readonly by: 'session'; readonly key: SessionKey }
);

export interface GateOptions {
  readonly listenHost: string;
  readonly allowedHosts: readonly string[];
  readonly token: string;
  readonly tokens: Tokens;
  readonly logger: Logger;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** Who comes in: one gate for the routes and for the socket. Throws AppError for those who don't. */
export class Gate {
  readonly #hosts: HostGuard;
  readonly #tokenDigest: Buffer;
  readonly #tokens: Tokens;
  readonly #sessions: Sessions;
  readonly #attempts: FailedAttempts;
  readonly #logger: Logger;
  #cookieName = 'session';

  constructor(options: GateOptions) {
    this.#hosts = new HostGuard(options.listenHost, options.allowedHosts);
    this.#tokenDigest = digestOf(options.token);
    this.#tokens = options.tokens;
    this.#sessions = new Sessions(options.nowMs);
    this.#attempts = new FailedAttempts(options.nowMs);
    this.#logger = options.logger;
  }

  /** Cookies don't know ports: without the port in its name, two appliances would end each other's sessions. */
  listensOn(port: number): void {
    this.#cookieName = `proxyfs_session_${port}`;
  }

  /** What every request has to pass, whether it needs to be admitted or not. */
  checkOrigin(request: IncomingMessage): void {
    if (!this.#hosts.allows(request.headers.host)) throw new AppError('HOST_NOT_ALLOWED');
    // A link on another site may lead here; anything else from there may not.
    const mayBeLink = isReading(request) && request.headers.origin === undefined && !isUpgrade(request);
    if (!mayBeLink && originOf(request.headers) === 'foreign') throw new AppError('FOREIGN_ORIGIN');
  }

  /** Admits by the bearer token or, where none is sent, by the session's cookie. */
  admit(request: IncomingMessage): Access {
    const authorization = request.headers.authorization;
    if (authorization !== undefined) {
      const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
      return { by: 'token', grant: this.#grantOf(token, addressOf(request)) };
    }
    const key = this.#sessionOf(request.headers.cookie);
    const grant = key === undefined ? undefined : this.#sessions.grantOf(key);
    if (key === undefined || !grant || !this.#tokens.stillGrants(grant)) throw new AppError('UNAUTHORIZED');
    const changes = !isReading(request) || isUpgrade(request);
    if (changes && originOf(request.headers) !== 'same') throw new AppError('FOREIGN_ORIGIN');
    return { by: 'session', key, grant };
  }

  /** Opens a session for the right token and returns its cookie. */
  logIn(token: string, request: IncomingMessage): string {
    const grant = this.#grantOf(token, addressOf(request));
    return this.#cookie(this.#sessions.open(grant), SESSION_LIFE_MS / 1000);
  }

  /** Ends the session, and returns the cookie that makes the browser forget it. */
  logOut(access: Access): string {
    if (access.by === 'session') this.#sessions.close(access.key);
    return this.#cookie('', 0);
  }

  /** Whether what was once admitted still is. */
  stillAdmits(access: Access): boolean {
    if (!this.#tokens.stillGrants(access.grant)) return false;
    return access.by === 'token' || this.#sessions.isOpen(access.key);
  }

  #grantOf(token: string | undefined, address: string): Grant {
    const waitMs = this.#attempts.waitMs(address);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw new AppError('TOO_MANY_ATTEMPTS', undefined, { details: { retryAfterSeconds } });
    }
    if (token !== undefined && hasDigest(token, this.#tokenDigest)) return { scope: 'admin' };
    const grant = token === undefined ? undefined : this.#tokens.grantOf(token);
    if (grant) return grant;
    this.#attempts.failed(address);
    this.#logger.warn('api.wrong-token', { address });
    throw new AppError('UNAUTHORIZED');
  }

  #sessionOf(header: string | undefined): SessionKey | undefined {
    for (const part of (header ?? '').split(';')) {
      const [name, value] = part.trim().split('=', 2);
      const key = name === this.#cookieName && value ? this.#sessions.find(value) : undefined;
      if (key !== undefined) return key;
    }
    return undefined;
  }

  #cookie(value: string, lifeSeconds: number): string {
    return `${this.#cookieName}=${value}; Path=/; Max-Age=${lifeSeconds}; HttpOnly; SameSite=Strict`;
  }
}

function isReading(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function isUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade !== undefined;
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}
