import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { appliancePlace, type AppliancePlace, type AppliancePlaceOptions } from './appliance-place.ts';
import { type LogLine, LogLines } from './log-lines.ts';
import {
  type CommandOptions,
  type CommandResult,
  runCommand,
  type RunningCommand,
  startCommand,
} from './run-command.ts';
import { waitUntil } from './wait-until.ts';

const PROGRAM = 'dist/server/main.cjs';
const READY_LIMIT_MS = 30_000;
const EXIT_LIMIT_MS = 30_000;
const API_LIMIT_MS = 10_000;

export interface ApplianceProcessOptions extends AppliancePlaceOptions {
  /** From the top of the checkout; the real command by default. */
  readonly entry?: string;
  /** What starts it, such as `setpriv` and its options. */
  readonly under?: readonly string[];
  /** Such as what tells an entry with steps where to crash. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What changes with a new start. */
export type StartChanges = Pick<ApplianceProcessOptions, 'entry' | 'env'>;

/** What the REST API answered; `body` is parsed where it is JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ExitResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Run {
  readonly child: ChildProcess;
  exit: ExitResult | undefined;
}

/**
 * The real command as a direct child, in directories of its own. It may be killed and started again at
 * will; `stop` removes process, mount and files, whatever happened before. The mount is entered by child
 * processes only.
 */
export class ApplianceProcess {
  readonly token = randomBytes(16).toString('hex');
  /** The log of the latest start. */
  readonly log = new LogLines();
  readonly #options: ApplianceProcessOptions;
  readonly #onExit = () => this.#abandon();
  #place: AppliancePlace | undefined;
  #run: Run | undefined;
  #url: string | undefined;

  constructor(options: ApplianceProcessOptions) {
    this.#options = options;
  }

  get localPath(): string {
    return this.#prepared().localPath;
  }

  get mountPoint(): string {
    return this.#prepared().mountPoint;
  }

  get configFile(): string {
    return this.#prepared().configFile;
  }

  /** undefined while it doesn't run. */
  get pid(): number | undefined {
    return this.#run?.exit ? undefined : this.#run?.child.pid;
  }

  /** Where the REST API listens. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the appliance was never ready');
    return this.#url;
  }

  /** Makes directories and configuration, so that a test may put something there before the first start. */
  async prepare(): Promise<void> {
    if (this.#place) return;
    this.#place = await appliancePlace(this.#options);
    process.on('exit', this.#onExit);
  }

  /** Resolves when the appliance says that it is ready; rejects with its last words where it ends before. */
  async start(changes: StartChanges = {}): Promise<LogLine> {
    await this.prepare();
    this.launch(changes);
    return this.ready();
  }

  /** Starts without waiting, for a start that is to fail or to crash. */
  launch({ entry = this.#options.entry ?? PROGRAM, env = {} }: StartChanges = {}): void {
    if (this.pid !== undefined) throw new Error('the appliance runs already');
    const program = resolve(checkoutTop(), entry);
    if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build first`);
    this.log.clear();
    const command = [...(this.#options.under ?? []), process.execPath, program, 'run', this.configFile];
    const child = spawn('/usr/bin/env', command, {
      cwd: '/',
      // As the program has it: an entry of the tests is a module, which is too late to ask for it.
      env: this.#environment({ ...(entry !== PROGRAM && { UV_THREADPOOL_SIZE: '16' }), ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const run: Run = { child, exit: undefined };
    child.on('exit', (code, signal) => (run.exit = { code, signal }));
    child.on('error', () => (run.exit ??= { code: null, signal: null }));
    this.log.follow(child.stdout);
    this.log.follow(child.stderr);
    this.#run = run;
  }

  async ready(limitMs = READY_LIMIT_MS): Promise<LogLine> {
    const line = () => this.log.last('ready');
    await this.#wait('the appliance is ready or has ended', () => line() ?? this.#run?.exit, limitMs);
    const ready = line();
    if (!ready) throw new Error(`the appliance ended before it was ready:\n${this.log.tail()}`);
    if (typeof ready['url'] === 'string') this.#url = ready['url'];
    return ready;
  }

  /** Waits for the end of the process, whoever brings it about. */
  async exited(limitMs = EXIT_LIMIT_MS): Promise<ExitResult> {
    if (!this.#run) throw new Error('the appliance was never started');
    const run = this.#run;
    return this.#wait('the appliance has ended', () => run.exit, limitMs);
  }

  /** Ends it as a power cut would: nothing is flushed, answered or unmounted. */
  async kill9(): Promise<void> {
    this.#run?.child.kill('SIGKILL');
    await this.exited();
  }

  /** Ends it by SIGTERM; resolves with the exit code, or rejects where it takes too long. */
  async terminate(limitMs = EXIT_LIMIT_MS): Promise<number | null> {
    this.#run?.child.kill('SIGTERM');
    return (await this.exited(limitMs)).code;
  }

  /** Starts it again, ending it by SIGTERM first if it runs. */
  async restart(changes: StartChanges = {}): Promise<LogLine> {
    if (this.pid !== undefined) await this.terminate();
    return this.start(changes);
  }

  /** Removes process, mount and files. Safe to repeat, and after any failure. */
  async stop(): Promise<void> {
    if (this.pid !== undefined) await this.terminate().catch(() => this.kill9());
    await this.#place?.remove();
    this.#place = undefined;
    process.off('exit', this.#onExit);
  }

  /** One call of the REST API with the token: `await appliance.api('/api/v1/mirrors')`. */
  async api(path: string, init: RequestInit = {}): Promise<ApiAnswer> {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${this.token}`);
    const signal = AbortSignal.timeout(API_LIMIT_MS);
    const response = await fetch(new URL(path, this.url), { signal, ...init, headers });
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: isJson ? await response.json() : await response.text() };
  }

  /** Runs a program with the mount as its working directory, killed at its limit. */
  inMount(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(command, args, { directory: this.mountPoint, ...options });
  }

  /** The same for a program that is to be signalled while it runs. */
  startInMount(command: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
    return startCommand(command, args, { directory: this.mountPoint, ...options });
  }

  #prepared(): AppliancePlace {
    if (!this.#place) throw new Error('the appliance has no place yet: prepare or start it first');
    return this.#place;
  }

  /** Nothing of the tester's own surroundings may take part: neither their overrides nor their ssh agent. */
  #environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('PROXYFS_') && name !== 'SSH_AUTH_SOCK',
    );
    return {
      ...Object.fromEntries(inherited),
      PROXYFS_TOKEN: this.token,
      ...this.#options.env,
      ...env,
    };
  }

  async #wait<T>(name: string, condition: () => T, limitMs: number): Promise<NonNullable<T>> {
    try {
      return await waitUntil(name, condition, limitMs);
    } catch (error) {
      throw new Error(`not within ${limitMs} ms: ${name}; its last words:\n${this.log.tail()}`, {
        cause: error,
      });
    }
  }

  /** The test process ends without having stopped the appliance. */
  #abandon(): void {
    if (this.pid !== undefined) this.#run?.child.kill('SIGKILL');
    this.#place?.unmountNow();
  }
}

/** The directory of package.json, from the sources as from the build. */
function checkoutTop(): string {
  let directory = import.meta.dirname;
  while (!existsSync(resolve(directory, 'package.json'))) {
    if (dirname(directory) === directory) throw new Error('no package.json above this file');
    directory = dirname(directory);
  }
  return directory;
}
