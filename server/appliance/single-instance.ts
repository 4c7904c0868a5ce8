import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { AppError } from '../base/errors.ts';

/**
 * Keeps a second Proxyfs away from a local directory, by whatever path it goes there. A socket in Linux' abstract
 * namespace (unix(7)) goes with its process however that ends, so nothing is left to clean up.
 */
export class SingleInstance {
  readonly #directory: string;
  #lock: string | undefined;
  #server: Server | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * What is held, by a name that means the same to all processes of a machine: whoever else had it has ended.
   * undefined where it isn't held, or no such name can be had.
   */
  get lock(): string | undefined {
    return this.#server && this.#lock;
  }

  async acquire(): Promise<void> {
    const name = await nameOf(this.#directory);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new AppError('ALREADY_RUNNING', 'another Proxyfs serves this local_path', { cause }));
      });
      server.listen(`\0proxyfs-${name}`, resolve);
    });
    server.unref();
    const namespace = networkNamespace();
    this.#lock = namespace && `${namespace} ${name}`;
    this.#server = server;
  }

  release(): void {
    this.#server?.close();
    this.#server = undefined;
  }
}

/** Of the directory itself: containers see one directory under different paths, and different ones under the same. */
async function nameOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  return createHash('sha256').update(`${dev}:${ino}`).digest('hex');
}

/** Abstract sockets are shared by those that share the network. */
function networkNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/net');
  } catch {
    return undefined;
  }
}
