import { ApiServer, type ApiServerOptions } from '../api/api-server.ts';
import { LogRing } from '../base/log-ring.ts';
import { silentLogger } from '../base/logger.ts';
import { type PlainAnswer, type PlainRequest, httpRequest } from './http-request.ts';
import { MemoryControlPlane } from './memory-control-plane.ts';
import { tempDirectory } from './temp-directory.ts';

export const TEST_TOKEN = 'pfs_test-token-of-some-length';

/** A running ApiServer on a port of its own, with one mirror and one transaction in flight. */
export interface ApiBench {
  readonly url: string;
  readonly controlPlane: MemoryControlPlane;
  readonly server: ApiServer;
  /** With the token, unless the headers say otherwise. */
  call(path: string, options?: PlainRequest): Promise<PlainAnswer>;
  /** Without any credentials of its own. */
  stranger(path: string, options?: PlainRequest): Promise<PlainAnswer>;
  /** Logs in and returns what the browser would send as its Cookie. */
  logIn(): Promise<string>;
  stop(): Promise<void>;
}

/** Any free port of this machine alone. */
export const LOOPBACK_HTTP = {
  host: '127.0.0.1',
  port: 0,
  token: undefined,
  allowedHosts: [],
  basePath: '',
  trustedProxies: [],
  tls: undefined,
};

export async function startApiBench(
  options: Partial<ApiServerOptions> & { controlPlane?: MemoryControlPlane } = {},
): Promise<ApiBench> {
  const controlPlane = options.controlPlane ?? new MemoryControlPlane();
  controlPlane.addMirror({ id: 'web1' });
  controlPlane.addTransaction({ id: 'tx-1' });
  const directory = await tempDirectory('api');
  const server = new ApiServer({
    http: LOOPBACK_HTTP,
    token: TEST_TOKEN,
    statePath: directory.path,
    log: new LogRing(),
    logger: silentLogger,
    ...options,
    controlPlane,
  });
  const { url } = await server.start();
  const stranger = (path: string, request: PlainRequest = {}) => httpRequest(url + path, request);
  return {
    url,
    controlPlane,
    server,
    stranger,
    call: (path, request = {}) =>
      stranger(path, { ...request, headers: { authorization: `Bearer ${TEST_TOKEN}`, ...request.headers } }),
    logIn: async () => cookieOf(await stranger('/session', loginRequest(TEST_TOKEN))),
    stop: async () => {
      await server.stop();
      await directory.remove();
    },
  };
}

/** What the login form sends. */
export function loginRequest(token: string, headers: Readonly<Record<string, string>> = {}): PlainRequest {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', ...headers },
    body: new URLSearchParams({ token }).toString(),
  };
}

export function cookieOf(answer: PlainAnswer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}
