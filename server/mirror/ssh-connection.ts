import { connect as connectSocket, type Socket } from 'node:net';
import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import { AppError } from '../base/errors.ts';
import { resetSocket } from '../base/reset-socket.ts';
import { Authentication } from './authentication.ts';
import { hostKeyAlgorithms, refusalOfHostKey } from './host-keys.ts';
import { remoteChannel, remoteCommand } from './remote-command.ts';
import { ssh2 } from './ssh2.ts';
import type { SshLogin } from './ssh-login.ts';

/** GCM first: with the processor's help it is the fastest of them. ssh2 itself begins with ChaCha20 where it can't ask the processor. */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

const TCP_KEEPALIVE_DELAY_MS = 5000;

export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal;
}

/** What ssh2 adds to its errors. */
interface SshError extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

/**
 * One SSH connection with one SFTP channel. Ends once, for one reason; ssh2 may report more afterwards,
 * which nobody hears.
 */
export class SshConnection {
  readonly #login: SshLogin;
  readonly #socket: Socket;
  #gathering = false;
  readonly #client: Client;
  readonly #authentication: Authentication;
  #phase: 'handshake' | 'login' | 'ready' = 'handshake';
  #hostKeyRefusal: AppError | undefined;
  #channel: SFTPWrapper | undefined;
  #ended: AppError | undefined;
  readonly #ending = new AbortController();
  #onEnd: ((error: AppError) => void) | undefined;
  #lapsed: () => AppError | undefined = () => undefined;

  private constructor(login: SshLogin) {
    this.#login = login;
    this.#authentication = new Authentication(login);
    // noDelay: pieces above 32 KiB would otherwise wait for delayed acknowledgements.
    this.#socket = connectSocket({
      host: login.host,
      port: login.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_DELAY_MS,
    });
    this.#client = new ssh2.Client();
  }

  /** Connects, checks the host key, logs in and opens SFTP, all within `timeoutMs`. */
  static async open(login: SshLogin, { timeoutMs, signal }: ConnectOptions): Promise<SshConnection> {
    const connection = new SshConnection(login);
    const giveUp = () => connection.destroy(new AppError('INTERRUPTED'));
    const where = `${login.host} port ${login.port}`;
    const tooLate = () =>
      connection.destroy(
        new AppError('MIRROR_TIMEOUT', `${where}: not connected within ${timeoutMs / 1000} s`),
      );
    const timer = setTimeout(tooLate, timeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await connection.#establish();
      if (signal?.aborted) giveUp();
      return connection;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  get channel(): SFTPWrapper {
    if (!this.#channel) throw new AppError('BUG', 'the connection is not established');
    return this.#channel;
  }

  get sentBytes(): number {
    return this.#socket.bytesWritten;
  }

  /** Calls back once with the reason of the end, at once if it has ended. */
  onEnd(listener: (error: AppError) => void): void {
    if (this.#ended) listener(this.#ended);
    else this.#onEnd = listener;
  }

  /** See `remoteCommand`; undefined also when the connection ends. */
  run(command: string, input: string, limitMs: number): Promise<string | undefined> {
    return remoteCommand(this.#client, command, { input, limitMs, signal: this.#ending.signal });
  }

  /** A program on a channel of its own; undefined where the server refuses it, or the connection ends. */
  start(command: string, limitMs: number): Promise<ClientChannel | undefined> {
    return remoteChannel(this.#client, command, { limitMs, signal: this.#ending.signal });
  }

  /** Lets all that is sent in this turn of the loop, to this mirror, go out in one system call. */
  gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#gathering = false;
      this.#socket.uncork();
    });
  }

  destroy(reason: AppError): void {
    this.#end(reason);
  }

  /** From now on the connection ends before anything more is sent when `lapsed` gives a reason. */
  guard(lapsed: () => AppError | undefined): void {
    this.#lapsed = lapsed;
    // Before the system writes what it could not take at once: after a standstill there are answers to read first.
    this.#socket.prependListener('data', () => this.look());
    this.#guardWrites();
  }

  /** What ssh2, or the socket itself, has kept back until there was room is looked at when it goes out. */
  #guardWrites(): void {
    const socket = this.#socket;
    const write = socket._write.bind(socket);
    const writev = socket._writev?.bind(socket);
    socket._write = (chunk, encoding, done) => {
      this.look();
      write(chunk, encoding, done);
    };
    socket._writev = (chunks, done) => {
      this.look();
      writev?.(chunks, done);
    };
  }

  /** Asks the guard. */
  look(): void {
    const reason = this.#lapsed();
    if (reason) this.#end(reason);
  }

  async #establish(): Promise<void> {
    const established = new Promise<void>((resolve, reject) => {
      this.#onEnd = reject;
      this.#client
        .on('handshake', () => {
          this.#phase = 'login';
        })
        .on('ready', () => {
          this.#phase = 'ready';
          this.#openChannel(resolve);
        });
    });
    this.#listenForEnd();
    this.#begin();
    await established;
    this.#onEnd = undefined;
  }

  #begin(): void {
    try {
      this.#client.connect({
        sock: this.#socket,
        username: this.#login.user,
        // The whole attempt has one deadline; while it serves, probes and request deadlines notice a dead
        // peer. ssh2's own keepalive would cut a slow line whose answers queue behind data.
        readyTimeout: 0,
        keepaliveInterval: 0,
        algorithms: { serverHostKey: hostKeyAlgorithms(this.#login.hostKeys), cipher: [...CIPHERS] },
        hostVerifier: (key: Buffer) => this.#accepts(key),
        authHandler: this.#authentication.next,
      });
    } catch (cause) {
      this.#end(new AppError('MIRROR_UNREACHABLE', 'the connection cannot be set up', { cause }));
    }
  }

  #accepts(key: Buffer): boolean {
    this.#hostKeyRefusal = refusalOfHostKey(key, this.#login.hostKeys);
    return this.#hostKeyRefusal === undefined;
  }

  #openChannel(opened: () => void): void {
    try {
      this.#client.sftp((error, channel) => {
        if (error) return this.#end(this.#unsuitable('offers no SFTP to this login', error));
        this.#channel = channel;
        const closed = () => this.#end(this.#lost('the server closed the SFTP channel'));
        channel.on('error', (cause: Error) => this.#end(this.#lost('the SFTP channel failed', cause)));
        channel.on('close', closed).on('end', closed);
        opened();
      });
    } catch (cause) {
      this.#end(this.#lost('the connection was lost', cause));
    }
  }

  #listenForEnd(): void {
    this.#client.on('error', (error: SshError) => {
      const reason = this.#reasonOf(error);
      if (reason) this.#end(reason);
    });
    this.#client.on('close', () => this.#end(this.#lost('the server closed the connection')));
  }

  /** undefined for what ssh2 reports on the way from one credential to the next. */
  #reasonOf(error: SshError): AppError | undefined {
    if (this.#hostKeyRefusal) return this.#hostKeyRefusal;
    if (this.#authentication.exhausted) return this.#authentication.refusal(undefined, error);
    if (error.level === 'agent' || error.level === 'client-authentication') return undefined;
    // A server that disconnects with a reason code while credentials are offered has refused them.
    if (this.#phase === 'login' && typeof error.code === 'number') {
      return this.#authentication.refusal(error.message.slice(0, 200), error);
    }
    if (error.level === 'handshake') return this.#unsuitable(`handshake failed: ${error.message}`, error);
    return this.#lost(this.#phase === 'ready' ? 'the connection was lost' : 'cannot be reached', error);
  }

  #lost(what: string, cause?: unknown): AppError {
    const code = (cause as SshError | undefined)?.code;
    const why = code === undefined ? '' : ` (${code})`;
    const { host, port } = this.#login;
    return new AppError('MIRROR_UNREACHABLE', `${host} port ${port}: ${what}${why}`, { cause });
  }

  #unsuitable(what: string, cause: unknown): AppError {
    if (!this.#socket.writable) return this.#lost('the connection was lost', cause);
    const { host, port } = this.#login;
    return new AppError('MIRROR_UNSUITABLE', `${host} port ${port}: ${what}`, { cause });
  }

  #end(reason: AppError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#ending.abort();
    // Not client.end(): that waits for the peer, and this one may be dead. By a reset, so that requests which have
    // not left this machine yet can't arrive after what the next connection repairs.
    resetSocket(this.#socket);
    this.#onEnd?.(reason);
  }
}
