import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import { AppError, hasCode } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { HostGuard } from './host-guard.ts';
import { originOf } from './origin.ts';
import type { Password } from './password.ts';
import { digestOf, hasDigest } from './secrets.ts';
import { type OpenSession, SESSION_LIFE_MS, type SessionKey, Sessions } from './sessions.ts';
import type { Grant, Tokens } from './tokens.ts';

/** How a request showed that it may come in. */
export type Access = { readonly grant: Grant } & (
  | { readonly by: 'token' }
  | { readonly by: 'session'; readonly key: SessionKey }
);

export interface GateOptions {
  readonly listenHost: string;
  /** Whether it is served by HTTPS. */
  readonly isSecure: boolean;
  readonly allowedHosts: readonly string[];
  /** Addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly token: string;
  /** Whether it was made at this start: it opens nothing once there is a password. */
  readonly tokenMade: boolean;
  readonly tokens: Tokens;
  readonly password: Password;
  readonly logger: Logger;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** Who comes in: one gate for the routes and for the socket. Throws AppError for those who don't. */
export class Gate {
  readonly #hosts: HostGuard;
  readonly #isTrusted: ReturnType<typeof proxyAddr.compile>;
  readonly isSecure: boolean;
  readonly #tokenDigest: Buffer;
  readonly #tokenMade: boolean;
  readonly #tokens: Tokens;
  readonly #password: Password;
  readonly #sessions: Sessions;
  readonly #attempts: FailedAttempts;
  readonly #logger: Logger;
  #cookieName = 'session';

  constructor(options: GateOptions) {
    this.#hosts = new HostGuard(options.listenHost, options.allowedHosts);
    this.#isTrusted = proxyAddr.compile([...options.trustedProxies]);
    this.isSecure = options.isSecure;
    this.#tokenDigest = digestOf(options.token);
    this.#tokenMade = options.tokenMade;
    this.#tokens = options.tokens;
    this.#password = options.password;
    this.#sessions = new Sessions(options.nowMs);
    this.#attempts = new FailedAttempts(options.nowMs);
    this.#logger = options.logger;
  }

  /** Cookies don't know ports: without the port in its name, two appliances would end each other's sessions. */
  listensOn(port: number): void {
    // With this prefix a browser takes it over HTTPS alone, and from this very host.
    this.#cookieName = `${this.isSecure ? '__Host-' : ''}proxyfs_session_${port}`;
  }

  /** Who sent it: as trusted proxies say it, or else the other end of the connection. */
  addressOf(request: IncomingMessage): string {
    const told = proxyAddr(request, this.#isTrusted);
    // Anybody can send the header through a proxy that passes it on as it is.
    return isIP(told) === 0 ? (request.socket.remoteAddress ?? 'unknown') : told;
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
      return { by: 'token', grant: this.#grantOf(token, this.addressOf(request)) };
    }
    const key = this.#sessionOf(request.headers.cookie);
    const grant = key === undefined ? undefined : this.#sessions.grantOf(key);
    if (key === undefined || !grant || !this.#stillGrants(grant)) throw new AppError('UNAUTHORIZED');
    const changes = !isReading(request) || isUpgrade(request);
    if (changes && originOf(request.headers) !== 'same') throw new AppError('FOREIGN_ORIGIN');
    return { by: 'session', key, grant };
  }

  /** Whether a login may name a password. */
  get hasPassword(): boolean {
    return this.#password.isSet;
  }

  /** Opens a session for a right token or the password, and returns its cookie. */
  async logIn(secret: string, request: IncomingMessage): Promise<string> {
    const address = this.addressOf(request);
    this.#checkWait(address);
    const grant = this.#tokenGrant(secret.trim()) ?? (await this.#passwordGrant(secret, address));
    return this.#openSession(grant, request);
  }

  /** The sessions that are open, the latest first. */
  sessions(): readonly OpenSession[] {
    return this.#sessions.list().filter(({ key }) => {
      const grant = this.#sessions.grantOf(key);
      return grant !== undefined && this.#stillGrants(grant);
    });
  }

  /** Ends a session; false where there is none. */
  endSession(id: string): boolean {
    const found = this.#sessions.list().find((session) => session.id === id);
    if (found) this.#sessions.close(found.key);
    return found !== undefined;
  }

  /**
   * Puts another password in the place of the one that is given, which ends every session that it has opened, and returns the
   * cookie of a new one. Rejects with ACCESS_DENIED where it is not the one.
   */
  async changePassword(current: string, next: string, request: IncomingMessage): Promise<string> {
    const address = this.addressOf(request);
    this.#checkWait(address);
    await this.#passwordGrant(current, address).catch((error: unknown) => {
      // Who asks is known: only the password is wrong.
      throw hasCode(error, 'UNAUTHORIZED')
        ? new AppError('ACCESS_DENIED', 'This is not the password')
        : error;
    });
    await this.#password.replace(next);
    this.#logger.info('api.password-set', { address });
    return this.#openSession({ scope: 'admin', passwordEra: this.#password.era }, request);
  }

  /** Sets the first password for who has the token of the start, and returns the cookie of a session. */
  async setUp(token: string, password: string, request: IncomingMessage): Promise<string> {
    const address = this.addressOf(request);
    if (this.#grantOf(token.trim(), address).tokenId !== undefined)
      throw new AppError('SCOPE_MISSING', 'This needs the token that the appliance was started with');
    await this.#password.setFirst(password);
    this.#logger.info('api.password-set', { address });
    return this.#openSession({ scope: 'admin', passwordEra: this.#password.era }, request);
  }

  /** Ends the session, and returns the cookie that makes the browser forget it. */
  logOut(access: Access): string {
    if (access.by === 'session') this.#sessions.close(access.key);
    return this.#cookie('', 0);
  }

  /** Whether what was once admitted still is. */
  stillAdmits(access: Access): boolean {
    if (!this.#stillGrants(access.grant)) return false;
    return access.by === 'token' || this.#sessions.isOpen(access.key);
  }

  #grantOf(token: string | undefined, address: string): Grant {
    this.#checkWait(address);
    const grant = token === undefined ? undefined : this.#tokenGrant(token);
    if (grant) return grant;
    this.#attempts.failed(address);
    this.#logger.warn('api.wrong-token', { address });
    throw new AppError('UNAUTHORIZED');
  }

  #checkWait(address: string): void {
    const waitMs = this.#attempts.waitMs(address);
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new AppError('TOO_MANY_ATTEMPTS', undefined, { details: { retryAfterSeconds } });
  }

  #tokenGrant(token: string): Grant | undefined {
    if (!hasDigest(token, this.#tokenDigest)) return this.#tokens.grantOf(token);
    if (!this.#tokenMade) return { scope: 'admin' };
    return this.#password.isSet ? undefined : { scope: 'admin', passwordEra: null };
  }

  async #passwordGrant(password: string, address: string): Promise<Grant> {
    // Counted before the hash is done, or many at once would all be free tries.
    this.#attempts.failed(address);
    const passwordEra = await this.#password.eraOf(password);
    if (passwordEra !== undefined) {
      this.#attempts.takeBack(address);
      return { scope: 'admin', passwordEra };
    }
    this.#logger.warn('api.wrong-password', { address });
    throw new AppError('UNAUTHORIZED');
  }

  #stillGrants(grant: Grant): boolean {
    const { passwordEra } = grant;
    return (
      this.#tokens.stillGrants(grant) && (passwordEra === undefined || passwordEra === this.#password.era)
    );
  }

  #openSession(grant: Grant, request: IncomingMessage): string {
    const agent = request.headers['user-agent'] ?? '';
    const id = this.#sessions.open(grant, { address: this.addressOf(request), agent });
    return this.#cookie(id, SESSION_LIFE_MS / 1000);
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
    const secure = this.isSecure ? '; Secure' : '';
    return `${this.#cookieName}=${value}; Path=/; Max-Age=${lifeSeconds}; HttpOnly; SameSite=Strict${secure}`;
  }
}

function isReading(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function isUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade !== undefined;
}
