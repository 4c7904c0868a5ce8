import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { AppError } from '../base/errors.ts';

/**
 * Keeps a second Proxyfs away from a local directory. A socket in Linux' abstract namespace (unix(7)) goes with
 * its process however that ends, so nothing is left to clean up.
 */
export class SingleInstance {
  readonly #name: string;
  #server: Server | undefined;

  constructor(directory: string) {
    this.#name = `\0proxyfs-${createHash('sha256').update(directory).digest('hex')}`;
  }

  async acquire(): Promise<void> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new AppError('ALREADY_RUNNING', 'another Proxyfs serves this local_path', { cause }));
      });
      server.listen(this.#name, resolve);
    });
    server.unref();
    this.#server = server;
  }

  release(): void {
    this.#server?.close();
  }
}
