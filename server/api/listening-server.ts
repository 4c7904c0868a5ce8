import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Logger } from '../base/logger.ts';
import type { TlsConfiguration } from '../config/configuration.ts';

const LOOK_MS = 10_000;

/** What listens: HTTP, or HTTPS with the certificate as it is at the moment. */
export class ListeningServer {
  readonly #tls: TlsConfiguration | undefined;
  readonly #logger: Logger;
  readonly #lookMs: number;
  #stopWatching: (() => void) | undefined;

  constructor(tls: TlsConfiguration | undefined, logger: Logger, lookMs = LOOK_MS) {
    this.#tls = tls;
    this.#logger = logger;
    this.#lookMs = lookMs;
  }

  create(listener: RequestListener, requestLimitMs: number): Server {
    const options = { requestTimeout: requestLimitMs };
    return this.#tls ? this.#secure(this.#tls, listener, options) : createServer(options, listener);
  }

  close(): void {
    this.#stopWatching?.();
  }

  #secure(tls: TlsConfiguration, listener: RequestListener, options: { requestTimeout: number }): Server {
    const server = createSecureServer({ ...options, ...pairOf(tls), minVersion: 'TLSv1.2' }, listener);
    const renew = () => {
      try {
        server.setSecureContext({ ...pairOf(tls), minVersion: 'TLSv1.2' });
        this.#logger.info('api.certificate-read', { certFile: tls.certFile });
      } catch (error) {
        // The one before stays: half of a renewal may be on the disk.
        this.#logger.error('api.certificate-refused', { certFile: tls.certFile, error });
      }
    };
    const files = [tls.certFile, tls.keyFile];
    for (const file of files) watchFile(file, { interval: this.#lookMs, persistent: false }, renew);
    this.#stopWatching = () => files.forEach((file) => unwatchFile(file, renew));
    // All that is done with it both kinds have.
    return server as unknown as Server;
  }
}

function pairOf({ certFile, keyFile }: TlsConfiguration): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
