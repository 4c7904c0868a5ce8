import type { ClientChannel, SFTPWrapper } from 'ssh2';
import { AppError } from '../base/errors.ts';
import { Permits } from '../base/permits.ts';
import { ByteWindow } from './byte-window.ts';
import { OutstandingRequests } from './outstanding-requests.ts';
import {
  announced,
  type Extensions,
  isRefusal,
  type SftpAttributes,
  type SftpEntry,
  SftpRefusal,
  type SftpSpace,
  STATUS,
} from './sftp-protocol.ts';
import { type ConnectOptions, SshConnection } from './ssh-connection.ts';
import type { SshLogin } from './ssh-login.ts';

/** Without limits@openssh.com larger pieces are cut or damaged by some servers. */
const SAFE_PIECE_BYTES = 32 * 1024;
const LARGEST_PIECE_BYTES = 128 * 1024;
/** Staged files open at once: what keeps a distant line busy with small ones. */
const MOST_STAGED = 512;

/** What ssh2's object has besides its declared type. */
interface Negotiated {
  readonly _extensions?: Readonly<Record<string, string>>;
  readonly _maxReadLen?: number;
  readonly _maxWriteLen?: number;
  readonly maxOpenHandles?: number;
}

type Answer<T> = (error: Error | null | undefined, answer?: T) => void;
type Send<T> = (channel: SFTPWrapper, answer: Answer<T>) => void;

/**
 * One SFTP session: every request of the protocol as a promise. All go through `#request`, so all have the
 * one deadline and all end when the connection does. After the end no answer reaches anybody.
 */
export class SftpSession {
  readonly timeoutMs: number;
  readonly extensions: Extensions;
  readonly writePieceBytes: number;
  readonly readPieceBytes: number;
  /** Handles that the server allows, where it says so. */
  readonly maxOpenHandles: number;
  readonly bytes = new ByteWindow();
  /** A third of the server's handles: writing, listing and reading need theirs. */
  readonly stagedFiles: Permits;
  /** Rejects nobody: resolves with the reason when the session has ended. */
  readonly ended: Promise<AppError>;
  readonly #connection: SshConnection;
  readonly #outstanding: OutstandingRequests;
  readonly #onRoundTrip: (ms: number) => void;
  #endReason: AppError | undefined;
  #lastAnswerAtMs = performance.now();

  constructor(connection: SshConnection, timeoutMs: number, onRoundTrip: (ms: number) => void) {
    this.#connection = connection;
    this.timeoutMs = timeoutMs;
    this.#onRoundTrip = onRoundTrip;
    this.#outstanding = new OutstandingRequests(timeoutMs, (error) => connection.destroy(error));
    const negotiated = connection.channel as unknown as Negotiated;
    this.extensions = announced(negotiated._extensions);
    const limited = negotiated._extensions?.['limits@openssh.com'] !== undefined;
    const piece = (limit: number | undefined) =>
      limited && limit ? Math.min(limit, LARGEST_PIECE_BYTES) : SAFE_PIECE_BYTES;
    this.writePieceBytes = piece(negotiated._maxWriteLen);
    this.readPieceBytes = piece(negotiated._maxReadLen);
    this.maxOpenHandles = negotiated.maxOpenHandles ?? Number.POSITIVE_INFINITY;
    this.stagedFiles = new Permits(Math.max(1, Math.min(MOST_STAGED, Math.floor(this.maxOpenHandles / 3))));
    this.ended = new Promise((resolve) => {
      connection.onEnd((reason) => {
        this.#endReason = reason;
        this.#outstanding.rejectAll(reason);
        resolve(reason);
      });
    });
  }

  /** Connects and logs in; refuses a server that can't replace a file atomically. */
  static async open(
    login: SshLogin,
    options: ConnectOptions & { readonly onRoundTrip?: (ms: number) => void },
  ): Promise<SftpSession> {
    const connection = await SshConnection.open(login, options);
    const session = new SftpSession(connection, options.timeoutMs, options.onRoundTrip ?? (() => {}));
    if (session.extensions.posixRename) return session;
    const missing = 'the server does not announce posix-rename@openssh.com: it is read-only, or no OpenSSH';
    const error = new AppError('MIRROR_UNSUITABLE', missing);
    session.end(error);
    throw error;
  }

  get isOpen(): boolean {
    return this.#endReason === undefined;
  }

  get idleMs(): number {
    return this.#outstanding.count > 0 ? 0 : performance.now() - this.#lastAnswerAtMs;
  }

  /** Milliseconds since the server last answered anything. */
  get silentMs(): number {
    return performance.now() - this.#lastAnswerAtMs;
  }

  get sentBytes(): number {
    return this.#connection.sentBytes;
  }

  end(reason: AppError): void {
    this.#connection.destroy(reason);
  }

  /** See `SshConnection.guard`. */
  guard(lapsed: () => AppError | undefined): void {
    this.#connection.guard(lapsed);
  }

  /** What a command beside the session prints; `workMs`: how long it may take beyond one request. */
  run(command: string, input: string, workMs = 0): Promise<string | undefined> {
    return this.#connection.run(command, input, this.timeoutMs + workMs);
  }

  /** A program beside the session; undefined where the server refuses it. */
  start(command: string): Promise<ClientChannel | undefined> {
    return this.#connection.start(command, this.timeoutMs);
  }

  open(path: string, flags: number, mode?: number): Promise<Buffer> {
    const attributes = mode === undefined ? {} : { mode };
    return this.#handle(`OPEN ${path}`, (channel, answer) => channel.open(path, flags, attributes, answer));
  }

  opendir(path: string): Promise<Buffer> {
    return this.#handle(`OPENDIR ${path}`, (channel, answer) => channel.opendir(path, answer));
  }

  close(handle: Buffer): Promise<void> {
    return this.#done('CLOSE', (channel, answer) => channel.close(handle, answer));
  }

  /** One piece of at most `writePieceBytes`; it may be changed again as soon as this returns. */
  write(handle: Buffer, data: Buffer, offset: number): Promise<void> {
    return this.#done('WRITE', (channel, answer) =>
      channel.write(handle, data, 0, data.length, offset, answer),
    );
  }

  /** One piece into `target`, at most `readPieceBytes`; answers how much arrived, 0 at the end of the file. */
  read(handle: Buffer, target: Buffer, offset: number): Promise<number> {
    return this.#request<number>('READ', isCount, (channel, answer) =>
      channel.read(handle, target, 0, target.length, offset, answer),
    );
  }

  lstat(path: string): Promise<SftpAttributes> {
    return this.#attributes(`LSTAT ${path}`, (channel, answer) => channel.lstat(path, answer));
  }

  fstat(handle: Buffer): Promise<SftpAttributes> {
    return this.#attributes('FSTAT', (channel, answer) => channel.fstat(handle, answer));
  }

  setstat(path: string, attributes: SftpAttributes): Promise<void> {
    return this.#done(`SETSTAT ${path}`, (channel, answer) => channel.setstat(path, attributes, answer));
  }

  fsetstat(handle: Buffer, attributes: SftpAttributes): Promise<void> {
    return this.#done('FSETSTAT', (channel, answer) => channel.fsetstat(handle, attributes, answer));
  }

  /** Never follows a symlink. */
  lsetstat(path: string, attributes: SftpAttributes): Promise<void> {
    return this.#done(`LSETSTAT ${path}`, (channel, answer) =>
      channel.ext_openssh_lsetstat(path, attributes, answer),
    );
  }

  /** The next entries; undefined at the end. */
  async readdir(handle: Buffer): Promise<readonly SftpEntry[] | undefined> {
    try {
      return await this.#request<readonly SftpEntry[]>('READDIR', Array.isArray, (channel, answer) => {
        channel.readdir(handle, answer);
      });
    } catch (thrown) {
      if (isRefusal(thrown, STATUS.EOF)) return undefined;
      throw thrown;
    }
  }

  remove(path: string): Promise<void> {
    return this.#done(`REMOVE ${path}`, (channel, answer) => channel.unlink(path, answer));
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#done(`MKDIR ${path}`, (channel, answer) => channel.mkdir(path, { mode }, answer));
  }

  rmdir(path: string): Promise<void> {
    return this.#done(`RMDIR ${path}`, (channel, answer) => channel.rmdir(path, answer));
  }

  realpath(path: string): Promise<string> {
    return this.#request(`REALPATH ${path}`, isText, (channel, answer) => channel.realpath(path, answer));
  }

  readlink(path: string): Promise<string> {
    return this.#request(`READLINK ${path}`, isText, (channel, answer) => channel.readlink(path, answer));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#done(`SYMLINK ${path}`, (channel, answer) => channel.symlink(target, path, answer));
  }

  /** rename(2): replaces what is there atomically. */
  rename(from: string, to: string): Promise<void> {
    return this.#done(`POSIX-RENAME ${from}`, (channel, answer) =>
      channel.ext_openssh_rename(from, to, answer),
    );
  }

  hardlink(existing: string, path: string): Promise<void> {
    return this.#done(`HARDLINK ${existing}`, (channel, answer) =>
      channel.ext_openssh_hardlink(existing, path, answer),
    );
  }

  fsync(handle: Buffer): Promise<void> {
    return this.#done('FSYNC', (channel, answer) => channel.ext_openssh_fsync(handle, answer));
  }

  statvfs(path: string): Promise<SftpSpace> {
    return this.#request<SftpSpace>(`STATVFS ${path}`, isObject, (channel, answer) =>
      channel.ext_openssh_statvfs(path, answer),
    );
  }

  #handle(name: string, send: Send<Buffer>): Promise<Buffer> {
    return this.#request(name, isHandle, send);
  }

  #attributes(name: string, send: Send<SftpAttributes>): Promise<SftpAttributes> {
    return this.#request(name, isObject, send);
  }

  #done(name: string, send: Send<unknown>): Promise<void> {
    return this.#request<unknown>(name, isAnything, send) as Promise<void>;
  }

  #request<T>(name: string, isAnswer: (answer: unknown) => boolean, send: Send<T>): Promise<T> {
    this.#connection.look();
    if (this.#endReason) return Promise.reject(this.#endReason);
    return new Promise<T>((resolve, reject) => {
      const request = { name, reject };
      const alone = this.#outstanding.count === 0;
      const sentAtMs = performance.now();
      const answer: Answer<T> = (error, value) => {
        if (!this.#outstanding.answered(request)) return;
        this.#lastAnswerAtMs = performance.now();
        if (error && !hasStatus(error)) return this.#misunderstood(name, reject, error);
        if (alone) this.#onRoundTrip(this.#lastAnswerAtMs - sentAtMs);
        if (error) return reject(new SftpRefusal(name, error.code, error.message));
        if (!isAnswer(value)) return this.#misunderstood(name, reject);
        resolve(value as T);
      };
      this.#outstanding.add(request);
      this.#connection.gather();
      try {
        send(this.#connection.channel, answer);
      } catch (cause) {
        // ssh2 throws where the server doesn't announce an extension.
        this.#outstanding.answered(request);
        const why = cause instanceof Error ? cause.message : 'not supported';
        reject(new SftpRefusal(name, STATUS.OP_UNSUPPORTED, why));
      }
    });
  }

  /** No answer of the protocol: what became of the request is unknown, and so is what the next bytes mean. */
  #misunderstood(name: string, reject: (error: AppError) => void, cause?: unknown): void {
    const what = cause ? 'the session ended before it was answered' : 'no valid answer';
    const error = new AppError('MIRROR_UNREACHABLE', `${name}: ${what}`, { cause });
    reject(error);
    this.end(error);
  }
}

function hasStatus(error: Error): error is Error & { code: number } {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'number' && code !== STATUS.NO_CONNECTION && code !== STATUS.CONNECTION_LOST;
}

const isAnything = (): boolean => true;
const isHandle = (answer: unknown): boolean => Buffer.isBuffer(answer);
const isText = (answer: unknown): boolean => typeof answer === 'string';
const isCount = (answer: unknown): boolean => typeof answer === 'number';
const isObject = (answer: unknown): boolean => typeof answer === 'object' && answer !== null;
