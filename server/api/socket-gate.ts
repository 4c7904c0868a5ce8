import type { IncomingMessage, ServerResponse } from 'node:http';
import { includesScope, type Scope } from '../../shared/states.ts';
import { AppError } from '../base/errors.ts';
import type { Access, Gate } from './gate.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { securityHeaders } from './security-headers.ts';

const CONNECTIONS = 200;

/** The part of socket.io's engine that is needed here. */
interface Engine {
  readonly clientsCount: number;
  use(handle: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): void;
}

/**
 * The same gate on every request of a socket: the handshake, each poll, and the upgrade. It stands before the
 * handshake rather than in its payload, so that a stranger isn't even given a connection.
 */
export class SocketGate {
  readonly #gate: Gate;
  readonly #accesses = new WeakMap<IncomingMessage, Access>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  guard(engine: Engine): void {
    const headers = securityHeaders(this.#gate.isSecure);
    engine.use((request, response, next) => {
      try {
        this.#gate.checkOrigin(request);
        this.#accesses.set(request, this.#gate.admit(request));
        if (engine.clientsCount >= CONNECTIONS)
          throw new AppError('TOO_MANY_OPEN_FILES', 'Too many open pages');
      } catch (refusal) {
        return refuse(request, response, { refusal, headers });
      }
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      next();
    });
  }

  /** What the login that a connection began with may do. */
  checkScope(handshake: IncomingMessage, needed: Scope): void {
    const scope = this.#accesses.get(handshake)?.grant.scope;
    if (scope === undefined || !includesScope(scope, needed))
      throw new AppError('SCOPE_MISSING', `This needs the scope ${needed}`);
  }

  /** Whether the login that a connection began with is still good. */
  stillAdmits(handshake: IncomingMessage): boolean {
    const access = this.#accesses.get(handshake);
    return access !== undefined && this.#gate.stillAdmits(access);
  }
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { refusal, headers }: { refusal: unknown; headers: Readonly<Record<string, string>> },
): void {
  const problem = problemOf(refusal);
  const body = JSON.stringify(problem);
  if (request.headers.upgrade === undefined) {
    response.writeHead(problem.status, { ...headers, 'content-type': PROBLEM_TYPE }).end(body);
    return;
  }
  // An upgrade has no response object: the refusal is written as it goes over the wire.
  const head = [`HTTP/1.1 ${problem.status} Refused`, `content-type: ${PROBLEM_TYPE}`, 'connection: close'];
  const length = `content-length: ${Buffer.byteLength(body)}`;
  request.socket.end([...head, length, '', body].join('\r\n'));
}
