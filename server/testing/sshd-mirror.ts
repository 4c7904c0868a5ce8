import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { freePort } from './free-port.ts';
import { ProcessTree } from './process-tree.ts';
import { waitUntil } from './wait-until.ts';

const SSHD = '/usr/sbin/sshd';
const SFTP_SERVER = '/usr/lib/openssh/sftp-server';
const HOST = '127.0.0.1';

export interface SshdOptions {
  readonly name?: string;
  /** For internal-sftp: `-R` (read-only), `-P remove,rename` (refuses and doesn't announce these), `-u 077` ... */
  readonly sftpFlags?: string;
  /** The mirror's directory, such as one on a small disk; by default a new one, removed by `stop`. */
  readonly root?: string;
  /** Its login may run nothing but SFTP. */
  readonly sftpOnly?: boolean;
  /** What the login's shell, where that is bash, works off before each command. */
  readonly bashrc?: string;
  /** Channels of one connection, that of SFTP among them; sshd's default is 10. */
  readonly maxSessions?: number;
  /** Notes each request that changes or flushes something, for `changesOf`. */
  readonly logsRequests?: boolean;
  /** The server has a host key of each type; known_hosts knows the last one. */
  readonly hostKeyTypes?: readonly HostKeyType[];
  /** What its machine has in files such as /etc/passwd, by their path; scripts can be run. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface RestartChanges {
  readonly sftpFlags?: string;
  readonly newHostKey?: boolean;
  readonly formerHostKey?: boolean;
  /** As if its machine had been started anew, which its boot_id tells. */
  readonly rebooted?: boolean;
}

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A real OpenSSH server on loopback with one directory, as a mirror for tests. */
export interface SshdMirror {
  readonly name: string;
  readonly port: number;
  readonly root: string;
  readonly knownHosts: string;
  readonly identityFile: string;
  config(changes?: Partial<MirrorConfiguration>): MirrorConfiguration;
  /** Stops listener and live sessions where they are: the peer is silent, connections stay. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Kills listener and live sessions; the directory stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port, also with other flags or a new host key, or the one before that. */
  restart(changes?: RestartChanges): Promise<void>;
  /** Type and key as known_hosts has them. */
  hostKey(): string;
  /** What was asked for this path below the root, such as `open`, `set`, `fsync`; with `logsRequests` only. */
  changesOf(path: string): string[];
  /** Ends it and removes what it made. */
  stop(): Promise<void>;
}

/** Starts a server; resolves when it accepts connections. */
export async function startSshdMirror(options: SshdOptions = {}): Promise<SshdMirror> {
  const server = new Sshd(options, await freePort());
  await server.start();
  return server;
}

/** The pin of its host key, for who reaches it by another port: known_hosts has the server's own. */
export function pinOf({ knownHosts }: SshdMirror): string {
  const key = readFileSync(knownHosts, 'utf8').trim().split(' ')[2] ?? '';
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

class Sshd implements SshdMirror {
  readonly name: string;
  readonly port: number;
  readonly root: string;
  readonly knownHosts: string;
  readonly identityFile: string;
  readonly #directory: string;
  readonly #hostKeyTypes: readonly HostKeyType[];
  readonly #requestLog: string | undefined;
  readonly #sftpOnly: boolean;
  readonly #maxSessions: number;
  #sftpFlags: string;
  #tree: ProcessTree | undefined;
  /** What the server sees instead of files of this machine: by their path, where that is. */
  readonly #files = new Map<string, string>();
  readonly #onExit = () => this.#cleanUpNow();

  constructor(options: SshdOptions, port: number) {
    this.#directory = mkdtempSync(join(tmpdir(), 'proxyfs-sshd-'));
    this.name = options.name ?? `mirror-${port}`;
    this.port = port;
    this.root = options.root ?? join(this.#directory, 'root');
    this.knownHosts = join(this.#directory, 'known_hosts');
    this.identityFile = join(this.#directory, 'client_key');
    this.#sftpFlags = options.sftpFlags ?? '';
    if (options.logsRequests) this.#requestLog = join(this.#directory, 'requests.log');
    this.#sftpOnly = options.sftpOnly ?? false;
    this.#maxSessions = options.maxSessions ?? 10;
    this.#hostKeyTypes = options.hostKeyTypes ?? ['ed25519'];
    for (const [path, content] of Object.entries(options.files ?? {})) this.#show(path, content);
    if (options.bashrc !== undefined) writeFileSync(join(this.#directory, '.bashrc'), options.bashrc);
    mkdirSync(this.root, { recursive: true });
    generateKey(this.identityFile, 'ed25519');
    this.#makeHostKeys();
    this.#trustHostKey();
    process.once('exit', this.#onExit);
  }

  config(changes: Partial<MirrorConfiguration> = {}): MirrorConfiguration {
    return {
      name: this.name,
      host: HOST,
      port: this.port,
      user: userInfo().username,
      path: this.root,
      identityFile: this.identityFile,
      password: undefined,
      knownHosts: this.knownHosts,
      hostKey: undefined,
      required: true,
      owner: 'auto',
      bandwidthLimit: undefined,
      connections: 1,
      ...changes,
    };
  }

  async start(): Promise<void> {
    const configFile = join(this.#directory, 'sshd_config');
    writeFileSync(configFile, this.#sshdConfig());
    mkdirSync('/run/sshd', { recursive: true });
    const log = join(this.#directory, 'sshd.log');
    const command = [...this.#underOtherFiles(), SSHD, '-D', '-f', configFile, '-E', log];
    const child = spawn('/usr/bin/env', command, { stdio: 'ignore' });
    if (child.pid === undefined) throw new Error(`cannot start ${SSHD}: is openssh-server installed?`);
    this.#tree = new ProcessTree(child.pid);
    await waitUntil(`sshd accepts connections, log: ${log}`, () => hasEnded(child) || accepts(this.port));
    if (hasEnded(child)) throw new Error(`sshd ended: ${readFileSync(log, 'utf8')}`);
    child.unref();
  }

  async freeze(): Promise<void> {
    await this.#tree?.freeze();
  }

  thaw(): Promise<void> {
    this.#tree?.thaw();
    return Promise.resolve();
  }

  async kill(): Promise<void> {
    await this.#tree?.kill();
    this.#tree = undefined;
  }

  async restart(changes: RestartChanges = {}): Promise<void> {
    await this.kill();
    this.#sftpFlags = changes.sftpFlags ?? this.#sftpFlags;
    if (changes.newHostKey) this.#renewHostKeys();
    if (changes.formerHostKey) this.#restoreHostKeys();
    if (changes.rebooted) this.#show('/proc/sys/kernel/random/boot_id', `${randomUUID()}\n`);
    await this.start();
  }

  hostKey(): string {
    const [type, key] = readFileSync(`${this.#hostKeyFile(this.#knownType)}.pub`, 'utf8').split(' ');
    return `${type} ${key?.trim()}`;
  }

  #show(path: string, content: string): void {
    const file = join(this.#directory, basename(path));
    writeFileSync(file, content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
    this.#files.set(path, file);
  }

  #underOtherFiles(): string[] {
    if (this.#files.size === 0) return [];
    const mounts = [...this.#files].map(([path, file]) => `mount --bind ${file} ${path} && `);
    return ['unshare', '--mount', 'sh', '-c', `${mounts.join('')}exec "$@"`, 'sh'];
  }

  changesOf(path: string): string[] {
    if (this.#requestLog === undefined) throw new Error('the server does not log its requests');
    const lines = readFileSync(this.#requestLog, 'utf8').split('\n');
    const requests = lines.map((line) => /^(\S+) "([^"]*)"/.exec(line));
    return requests.flatMap((found) => (found?.[1] && found[2] === `${this.root}/${path}` ? [found[1]] : []));
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.#onExit);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #hostKeyFile(type: HostKeyType): string {
    return join(this.#directory, `host_key_${type}`);
  }

  /** The one that clients know. */
  get #knownType(): HostKeyType {
    return this.#hostKeyTypes.at(-1) ?? 'ed25519';
  }

  #makeHostKeys(): void {
    for (const type of this.#hostKeyTypes) generateKey(this.#hostKeyFile(type), type);
  }

  #renewHostKeys(): void {
    for (const file of this.#hostKeyFiles()) renameSync(file, `${file}.former`);
    this.#makeHostKeys();
  }

  #restoreHostKeys(): void {
    for (const file of this.#hostKeyFiles()) renameSync(`${file}.former`, file);
  }

  #hostKeyFiles(): string[] {
    return this.#hostKeyTypes.map((type) => this.#hostKeyFile(type)).flatMap((file) => [file, `${file}.pub`]);
  }

  #trustHostKey(): void {
    writeFileSync(this.knownHosts, `[${HOST}]:${this.port} ${this.hostKey()}\n`);
  }

  #sshdConfig(): string {
    return [
      `Port ${this.port}`,
      `ListenAddress ${HOST}`,
      ...this.#hostKeyTypes.map((type) => `HostKey ${this.#hostKeyFile(type)}`),
      'PidFile none',
      `AuthorizedKeysFile ${this.identityFile}.pub`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UseDNS no',
      `MaxSessions ${this.#maxSessions}`,
      'MaxStartups 100:30:200',
      `Subsystem sftp ${this.#sftpServer()}`,
      // What this machine's user has in .bashrc may take its time, and leaves locks behind when a test cuts it short.
      `SetEnv HOME=${this.#directory}`,
      this.#sftpOnly ? 'ForceCommand internal-sftp' : '',
      '',
    ].join('\n');
  }

  /** What internal-sftp logs goes to the system's log, so the same server is run by itself. */
  #sftpServer(): string {
    if (this.#requestLog === undefined) return `internal-sftp ${this.#sftpFlags}`;
    return `${SFTP_SERVER} ${this.#sftpFlags} -e -l VERBOSE 2>> ${this.#requestLog}`;
  }

  #cleanUpNow(): void {
    this.#tree?.killNow();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function generateKey(path: string, type: HostKeyType): void {
  rmSync(path, { force: true });
  rmSync(`${path}.pub`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path]);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const answer = (reached: boolean) => () => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
