import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { AppError } from '../base/errors.ts';
import type { LogRing } from '../base/log-ring.ts';
import type { Logger } from '../base/logger.ts';
import type { HttpConfiguration } from '../config/configuration.ts';
import { createApp } from './app.ts';
import { Audit } from './audit.ts';
import { EventFeed } from './event-feed.ts';
import { Gate } from './gate.ts';
import { isLoopback, isWildcard } from './host-guard.ts';
import { ListeningServer } from './listening-server.ts';
import { LiveUpdates } from './live-updates.ts';
import { Password, PASSWORD_FILE } from './password.ts';
import { RecordUpdates } from './record-updates.ts';
import { System } from './system.ts';
import { Tokens } from './tokens.ts';
import { takeOff } from './top-address.ts';
import { Webhooks } from './webhooks.ts';

export interface ApiServerOptions {
  readonly controlPlane: ControlPlane;
  readonly http: HttpConfiguration;
  /** What opens the door: `http.token`, or one made at start. */
  readonly token: string;
  /** Where tokens, the hash of the password, webhooks and the audit are kept. */
  readonly statePath: string;
  readonly log: LogRing;
  /** The built dashboard; without it only the API answers. */
  readonly webRoot?: string;
  readonly logger: Logger;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
}

/** One route as the server has it. */
export interface ServedRoute {
  readonly method: string;
  readonly url: string;
}

/** What outlives a restart. */
interface Kept {
  readonly tokens: Tokens;
  readonly password: Password;
  readonly audit: Audit;
  readonly webhooks: Webhooks;
}

/** The control plane over HTTP: REST, live events and the dashboard's files. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #nowMs: () => number;
  readonly #routes: ServedRoute[] = [];
  #password: Password | undefined;
  #stopServing: (() => Promise<void>) | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** What it answers to, the socket aside. */
  get routes(): readonly ServedRoute[] {
    return this.#routes;
  }

  /** Whether a password opens the door; the token made at start doesn't then. */
  get hasPassword(): boolean {
    return this.#password?.isSet ?? false;
  }

  /** Listens. Rejects with CONFIG_INVALID where that would be unsafe, and with LISTEN_FAILED. */
  async start(): Promise<{ url: string }> {
    const { controlPlane, http, statePath, log, logger } = this.#options;
    if (this.#options.token === '') throw new AppError('CONFIG_INVALID', 'the access token is empty');
    this.#routes.length = 0;
    const kept = await this.#kept();
    const { audit, tokens, password, webhooks } = kept;
    const system = new System({ controlPlane, log, statePath });
    this.#password = password;
    this.#checkSafe(tokens, password);
    const gate = this.#gate(tokens, password);
    const feed = new EventFeed(controlPlane);
    const live = new LiveUpdates(feed, new RecordUpdates(log, audit), gate);
    const onLogout = () => live.dropEndedSessions();
    const onRoute = (method: string, url: string) => void this.#routes.push({ method, url });
    const webRoot = this.#presentWebRoot();
    const server = new ListeningServer(http.tls, logger);
    const app = await createApp({
      ...kept,
      controlPlane,
      gate,
      feed,
      log,
      system,
      webRoot,
      server,
      basePath: http.basePath,
      logger,
      onLogout,
      onRoute,
      nowMs: this.#nowMs,
    });
    password.watch();
    feed.start();
    webhooks.start();
    system.start();
    live.start(app.server);
    // After the socket, which looks at addresses before anybody else.
    takeOff(http.basePath, app.server);
    this.#stopServing = async () => {
      live.stop();
      feed.stop();
      system.stop();
      await app.close();
      server.close();
      await this.#close(kept);
    };
    const port = await this.#listen(app);
    gate.listensOn(port);
    return { url: urlOf(http, port) };
  }

  /** Tells open pages what there still is, ends their connections, and answers no more. */
  async stop(): Promise<void> {
    const stopServing = this.#stopServing;
    this.#stopServing = undefined;
    await stopServing?.();
  }

  async #kept(): Promise<Kept> {
    const { controlPlane, statePath, logger } = this.#options;
    return {
      tokens: await Tokens.load(join(statePath, 'tokens.json'), logger),
      password: await Password.load(join(statePath, PASSWORD_FILE), logger),
      audit: await Audit.load(join(statePath, 'audit.jsonl'), logger),
      webhooks: await Webhooks.load({ file: join(statePath, 'webhooks.json'), controlPlane, logger }),
    };
  }

  async #close({ tokens, password, audit, webhooks }: Kept): Promise<void> {
    const { logger } = this.#options;
    await webhooks.stop();
    await audit.close();
    await password.close();
    await tokens.close().catch((error: unknown) => logger.error('api.tokens-not-written', { error }));
  }

  #gate(tokens: Tokens, password: Password): Gate {
    const { http, token, logger } = this.#options;
    return new Gate({
      listenHost: http.host,
      isSecure: http.tls !== undefined,
      allowedHosts: http.allowedHosts,
      trustedProxies: http.trustedProxies,
      token,
      tokenMade: http.token === undefined,
      tokens,
      password,
      logger,
      nowMs: this.#nowMs,
    });
  }

  #checkSafe(tokens: Tokens, password: Password): void {
    const { http } = this.#options;
    if (isLoopback(http.host) || http.token !== undefined || password.isSet || tokens.areThere) return;
    throw new AppError(
      'CONFIG_INVALID',
      `http.listen names ${http.host}, which others can reach: set a password (proxyfs passwd) or PROXYFS_TOKEN, or listen on 127.0.0.1`,
    );
  }

  #presentWebRoot(): string | undefined {
    const { webRoot, logger } = this.#options;
    if (webRoot === undefined || existsSync(join(webRoot, 'index.html'))) return webRoot;
    logger.warn('api.no-dashboard', { webRoot });
    return undefined;
  }

  async #listen(app: FastifyInstance): Promise<number> {
    const { host, port } = this.#options.http;
    try {
      // One address: for the name, Fastify would open a second server that has no socket.
      await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
    } catch (cause) {
      await this.stop();
      throw new AppError('LISTEN_FAILED', `cannot listen on ${host}:${port}: ${reasonOf(cause)}`, { cause });
    }
    const address = app.server.address();
    return typeof address === 'object' && address ? address.port : port;
  }
}

function reasonOf(cause: unknown): string {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  if (code === 'EADDRINUSE') return 'another program listens there';
  return cause instanceof Error ? cause.message : String(cause);
}

function urlOf({ host, tls, basePath }: HttpConfiguration, port: number): string {
  const name = isWildcard(host) ? '127.0.0.1' : host;
  return `${tls ? 'https' : 'http'}://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}:${port}${basePath}`;
}
