import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ProblemDetails } from '../../shared/api.ts';
import { includesScope } from '../../shared/states.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { LogRing } from '../base/log-ring.ts';
import type { Audit } from './audit.ts';
import type { EventFeed } from './event-feed.ts';
import type { Gate } from './gate.ts';
import type { ListeningServer } from './listening-server.ts';
import { loginPage, setupPage, wantsPage } from './login-page.ts';
import { PROBLEM_TYPE, problemOf, toAppError } from './problem.ts';
import { VERSION } from '../appliance/version.ts';
import { configurationRoutes } from './routes-configuration.ts';
import { documentRoutes } from './routes-document.ts';
import { eventRoutes } from './routes-events.ts';
import { healthRoutes } from './routes-health.ts';
import { jobRoutes } from './routes-jobs.ts';
import { mirrorRoutes } from './routes-mirrors.ts';
import { sessionRoutes } from './routes-session.ts';
import { noteChange, recordRoutes } from './routes-records.ts';
import { setupRoutes } from './routes-setup.ts';
import { systemRoutes } from './routes-system.ts';
import { transactionRoutes } from './routes-transactions.ts';
import { isReplay, recogniseRepeatedCreation } from './repeated-creation.ts';
import type { RouteSpec } from './route.ts';
import { tokenRoutes } from './routes-tokens.ts';
import { webhookRoutes } from './routes-webhooks.ts';
import { securityHeaders } from './security-headers.ts';
import { staticFiles } from './static-files.ts';
import type { System } from './system.ts';
import { topOf } from './top-address.ts';
import type { Tokens } from './tokens.ts';
import type { Webhooks } from './webhooks.ts';

const BODY_LIMIT_BYTES = 16 * 1024;
/** For a request to arrive; answers may take longer. */
const REQUEST_LIMIT_MS = 30_000;
const CONNECTIONS = 500;

export interface AppOptions {
  readonly controlPlane: ControlPlane;
  readonly gate: Gate;
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  readonly feed: EventFeed;
  readonly log: LogRing;
  readonly audit: Audit;
  readonly system: System;
  readonly webRoot: string | undefined;
  readonly server: ListeningServer;
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly logger: Logger;
  /** Logins have ended. */
  readonly onLogout: () => void;
  readonly onRoute: (method: string, url: string) => void;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** All routes behind the gate. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { controlPlane, gate, server, basePath } = options;
  const headers = securityHeaders(gate.isSecure);
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    serverFactory: (listener) => server.create(listener, REQUEST_LIMIT_MS),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 255 },
    // Addresses that can't be decoded come here without passing any hook.
    frameworkErrors: (error, request, reply) =>
      void answerProblem(admitted(gate, request, error), request, reply, options),
  });
  app.server.maxConnections = CONNECTIONS;
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('access', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    letIn(gate, request);
    done();
  });
  const specs: RouteSpec[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const each of [method].flat()) options.onRoute(each, url);
    if (config?.spec?.method === method) specs.push(config.spec);
  });
  recogniseRepeatedCreation(app, options.nowMs);
  app.addHook('onResponse', (request, reply, done) => {
    if (!isReplay(reply)) {
      logChange(request, reply, options);
      noteChange(request, reply, options);
    }
    done();
  });
  app.setErrorHandler((error, request, reply) => answerProblem(error, request, reply, options));
  healthRoutes(app, controlPlane);
  mirrorRoutes(app, controlPlane);
  transactionRoutes(app, controlPlane);
  jobRoutes(app, controlPlane);
  configurationRoutes(app, controlPlane);
  eventRoutes(app, options.feed);
  tokenRoutes(app, options.tokens);
  webhookRoutes(app, options.webhooks);
  recordRoutes(app, options.log, options.audit);
  systemRoutes(app, options.system);
  documentRoutes(app, specs, VERSION);
  await sessionRoutes(app, gate, options.onLogout);
  await setupRoutes(app, gate, options.onLogout);
  await staticFiles(app, options.webRoot, basePath);
  return app;
}

/** Before anything else, for unknown addresses too: a stranger learns nothing, not even what there is. */
function letIn(gate: Gate, request: FastifyRequest): void {
  gate.checkOrigin(request.raw);
  const { open, spec } = request.routeOptions.config ?? {};
  if (open) return;
  request.access = gate.admit(request.raw);
  const { scope } = request.access.grant;
  if (spec && !includesScope(scope, spec.scope))
    throw new AppError('SCOPE_MISSING', `This needs the scope ${spec.scope}, and the token has ${scope}`);
}

/** The error to answer with: the gate's, where it doesn't let the request in. */
function admitted(gate: Gate, request: FastifyRequest, error: unknown): unknown {
  try {
    gate.checkOrigin(request.raw);
    gate.admit(request.raw);
    return error;
  } catch (refusal) {
    return refusal;
  }
}

function answerProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { gate, logger, basePath }: Pick<AppOptions, 'gate' | 'logger' | 'basePath'>,
): FastifyReply {
  const error = toAppError(thrown);
  const problem = problemOf(error);
  if (error.code === 'BUG') {
    logger.error('api.bug', {
      method: request.method,
      route: request.routeOptions.url,
      error: error.cause ?? error,
    });
  }
  reply.headers(securityHeaders(gate.isSecure)).code(problem.status);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  const waitSeconds = error.details['retryAfterSeconds'];
  if (typeof waitSeconds === 'number') reply.header('retry-after', waitSeconds);
  if (isLogin(problem, request)) {
    const tried = request.method === 'POST' ? problem.code : undefined;
    const top = topOf(request.url, basePath);
    const page = request.url === '/setup' ? setupPage(top, tried) : loginPage(top, tried, gate.hasPassword);
    return reply.type('text/html; charset=utf-8').send(page);
  }
  // As bytes: Fastify would otherwise look for a serializer of this media type.
  return reply.type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** Whether a person is to be shown the form: who isn't signed in, or sent it and failed. */
function isLogin(problem: ProblemDetails, request: FastifyRequest): boolean {
  if (!wantsPage(request.method, request.url, request.headers.accept)) return false;
  return request.method === 'POST' || ['UNAUTHORIZED', 'TOO_MANY_ATTEMPTS'].includes(problem.code);
}

/** What was changed from outside, by which address. */
function logChange(
  request: FastifyRequest,
  reply: FastifyReply,
  { logger, tokens, gate }: Pick<AppOptions, 'logger' | 'tokens' | 'gate'>,
): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.access === null) return;
  const { tokenId } = request.access.grant;
  logger.info('api.change', {
    method: request.method,
    route: request.routeOptions.url,
    params: request.params,
    status: reply.statusCode,
    address: gate.addressOf(request.raw),
    by: request.access.by,
    token: tokenId && tokens.nameOf(tokenId),
  });
}
