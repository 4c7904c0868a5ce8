import { realpath } from 'node:fs/promises';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { MirrorConfiguration } from '../config/configuration.ts';
import type { Intercept, Verdict } from './request-verdict.ts';
import { ServedDirectory } from './served-directory.ts';
import { makeServerKeys, type ServerKeys } from './server-keys.ts';
import { resetSocket } from '../base/reset-socket.ts';
import { answerLogin } from './server-login.ts';
import { EXTENSIONS, type ExtensionName, type RequestKind } from './sftp-requests.ts';
import { SftpSession, type SftpSessionOptions } from './sftp-session.ts';

const LOOPBACK = '127.0.0.1';
/** ssh2's client, like OpenSSH's, then sends the target of SYMLINK first. */
const DEFAULT_IDENT = 'OpenSSH_9.2_embedded';

export interface EmbeddedSftpServerOptions {
  /** The directory to serve; it must exist. */
  readonly directory: string;
  /** Where the client's private key is written; not below `directory`. */
  readonly keyDirectory: string;
  readonly user?: string;
  /** Accepted besides the key. */
  readonly password?: string;
  /** 0 or absent: any free one, kept over restarts. */
  readonly port?: number;
  /** The software version that the server introduces itself with. */
  readonly ident?: string;
  /** What is announced and understood; all by default. */
  readonly extensions?: readonly ExtensionName[];
  readonly intercept?: Intercept;
}

interface SessionOrigin {
  readonly ident: string;
  readonly clientPort: number;
}

interface Running {
  readonly tcp: TcpServer;
  readonly port: number;
  readonly directory: string;
  readonly keys: ServerKeys;
}

/**
 * A small complete SFTP server (version 3) for one directory and one login, on loopback. It serves the
 * demo, and, judging each request by `intercept`, tests. `start` after `stop` comes back with the same
 * port and keys.
 */
export class EmbeddedSftpServer {
  readonly user: string;
  readonly host = LOOPBACK;
  readonly #options: EmbeddedSftpServerOptions;
  readonly #connections = new Set<Socket>();
  readonly #counts = new Map<RequestKind, number>();
  readonly #sessions = new Set<Promise<void>>();
  #running: Running | undefined;
  #keys: ServerKeys | undefined;
  #port: number;

  constructor(options: EmbeddedSftpServerOptions) {
    this.#options = options;
    this.user = options.user ?? 'mirror';
    this.#port = options.port ?? 0;
  }

  get port(): number {
    return this.#started().port;
  }

  /** The served directory without symlinks: the path under which clients see it. */
  get directory(): string {
    return this.#started().directory;
  }

  get keys(): ServerKeys {
    return this.#started().keys;
  }

  async start(): Promise<void> {
    const directory = await realpath(this.#options.directory);
    this.#keys ??= await makeServerKeys(this.#options.keyDirectory);
    const tcp = createServer();
    const ssh = this.#sshServer(this.#keys, new ServedDirectory(directory));
    tcp.on('connection', (socket) => this.#accept(socket, ssh));
    this.#port = await listen(tcp, this.#port);
    this.#running = { tcp, port: this.#port, directory, keys: this.#keys };
  }

  /** Resets every connection; resolves when all sessions have let go of their files. */
  async stop(): Promise<void> {
    const tcp = this.#running?.tcp;
    this.#running = undefined;
    const closed = tcp && new Promise<void>((resolve) => tcp.close(() => resolve()));
    this.disconnectAll();
    await Promise.all([closed, ...this.#sessions]);
  }

  /** Resets every connection; new ones are accepted. */
  disconnectAll(): void {
    for (const socket of this.#connections) resetSocket(socket);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** What a configuration says of this server. */
  mirrorConfiguration(name: string, changes: Partial<MirrorConfiguration> = {}): MirrorConfiguration {
    const { port, directory, keys } = this.#started();
    return {
      name,
      host: this.host,
      port,
      user: this.user,
      path: directory,
      identityFile: keys.clientKeyPath,
      password: undefined,
      knownHosts: undefined,
      hostKey: keys.hostKeyPin,
      required: true,
      owner: 'auto',
      bandwidthLimit: undefined,
      connections: 1,
      ...changes,
    };
  }

  #started(): Running {
    if (!this.#running) throw new Error('the embedded SFTP server is not running');
    return this.#running;
  }

  #accept(socket: Socket, ssh: ssh2.Server): void {
    // A small reply must not wait for the acknowledgement of the one before it (Nagle).
    socket.setNoDelay(true);
    socket.on('error', () => {});
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    ssh.injectSocket(socket);
  }

  #sshServer(keys: ServerKeys, served: ServedDirectory): ssh2.Server {
    const ident = this.#options.ident ?? DEFAULT_IDENT;
    return new ssh2.Server({ hostKeys: [keys.hostKey], ident }, (connection, { port }) => {
      connection.on('error', () => {});
      connection.on('authentication', (context) => {
        answerLogin(context, {
          user: this.user,
          publicKey: keys.clientPublicKey,
          password: this.#options.password,
        });
      });
      connection.on('session', (accept) => {
        // As a plain subsystem, since ssh2's own SFTP server can't announce extensions.
        const session = accept();
        const closed = new Promise<void>((resolve) => {
          session.on('close', resolve);
          connection.on('close', resolve);
        });
        session.on('subsystem', (acceptChannel, reject, { name }) => {
          if (name === 'sftp') this.#serve(acceptChannel(), { served, ident, closed, clientPort: port });
          else reject();
        });
      });
    });
  }

  #serve(
    channel: ssh2.ServerChannel,
    { ident, clientPort, ...rest }: Pick<SftpSessionOptions, 'served' | 'closed'> & SessionOrigin,
  ): void {
    const session = new SftpSession(channel, {
      ...rest,
      extensions: this.#options.extensions ?? EXTENSIONS,
      symlinkTargetFirst: ident.startsWith('OpenSSH'),
      judge: (kind, path) => this.#judge(kind, path),
      disconnect: () => this.#disconnect(clientPort),
    });
    const ended = session.serve().finally(() => this.#sessions.delete(ended));
    this.#sessions.add(ended);
  }

  #disconnect(clientPort: number): void {
    for (const socket of this.#connections) {
      if (socket.remotePort === clientPort) resetSocket(socket);
    }
  }

  #judge(kind: RequestKind, path: string | undefined): Verdict | Promise<Verdict> {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return this.#options.intercept?.({ kind, path, count }) ?? 'serve';
  }
}

function listen(tcp: TcpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(port, LOOPBACK, () => {
      const address = tcp.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
