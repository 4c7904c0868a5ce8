import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../base/wait.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { EmbeddedSftpServer, type EmbeddedSftpServerOptions } from '../demo/embedded-sftp-server.ts';
import type { SeenRequest, Verdict } from '../demo/request-verdict.ts';
import type { RequestKind } from '../demo/sftp-requests.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';

/** How many of the latest requests are remembered. */
const MAX_REMEMBERED = 10_000;

/** A verdict, or a wait that ends in serving. */
export type ScriptedAction = Verdict | { readonly delayMs: number } | { readonly until: Promise<unknown> };

export interface ScriptedRule {
  /** Any kind if absent. */
  readonly kind?: RequestKind | readonly RequestKind[];
  /** As seen from the served directory: `/a/b`. Any if absent. */
  readonly path?: string | RegExp;
  /** The how-many-th matching request from now on it begins with; 1 by default. */
  readonly at?: number;
  /** For how many matching requests it holds; 1 by default. */
  readonly times?: number;
  readonly action: ScriptedAction;
}

/** A rule at work. */
export interface RunningRule {
  /** How often it was applied so far. */
  readonly applied: number;
  /** Resolves when it is applied for the first time; with a waiting action, as the wait begins. */
  readonly reached: Promise<SeenRequest>;
  /** Forgets the rule. */
  cancel(): void;
}

export type ScriptedSftpOptions = Partial<Omit<EmbeddedSftpServerOptions, 'intercept'>>;

interface Rule {
  readonly rule: ScriptedRule;
  readonly reach: (request: SeenRequest) => void;
  seen: number;
  applied: number;
}

/**
 * A real SFTP server on a directory of its own that goes wrong as told: at the k-th request of a kind, with
 * any status, without an answer, with the channel or connection lost before or after, late, or never.
 * The first rule that applies decides; without one a request is served.
 */
export class ScriptedSftp {
  /** Set by `start`. */
  #running: { readonly server: EmbeddedSftpServer; readonly temp: TempDirectory } | undefined;
  readonly #options: ScriptedSftpOptions;
  readonly #rules: Rule[] = [];
  readonly #requests: SeenRequest[] = [];

  constructor(options: ScriptedSftpOptions = {}) {
    this.#options = options;
  }

  get server(): EmbeddedSftpServer {
    if (!this.#running) throw new Error('the scripted SFTP server is not started');
    return this.#running.server;
  }

  /** The served directory. */
  get root(): string {
    return this.server.directory;
  }

  /** The latest requests in the order they came, whatever became of them. */
  get requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  async start(): Promise<void> {
    const temp = await tempDirectory('scripted-sftp');
    const directory = join(temp.path, 'root');
    await mkdir(directory);
    const server = new EmbeddedSftpServer({
      directory,
      keyDirectory: temp.path,
      ...this.#options,
      intercept: (request) => this.#judge(request),
    });
    this.#running = { server, temp };
    await server.start();
  }

  async stop(): Promise<void> {
    this.clear();
    await this.#running?.server.stop();
    await this.#running?.temp.remove();
    this.#running = undefined;
  }

  script(rule: ScriptedRule): RunningRule {
    let reach: Rule['reach'] = () => {};
    const reached = new Promise<SeenRequest>((resolve) => {
      reach = resolve;
    });
    const entry: Rule = { rule, reach, seen: 0, applied: 0 };
    this.#rules.push(entry);
    return {
      get applied() {
        return entry.applied;
      },
      reached,
      cancel: () => this.#forget(entry),
    };
  }

  /** Forgets all rules and the remembered requests. */
  clear(): void {
    this.#rules.length = 0;
    this.#requests.length = 0;
  }

  /** How many remembered requests are of this kind and, where given, on this path. */
  count(kind: RequestKind, path?: string): number {
    return this.#requests.filter((seen) => seen.kind === kind && (path === undefined || seen.path === path))
      .length;
  }

  mirrorConfiguration(name: string, changes: Partial<MirrorConfiguration> = {}): MirrorConfiguration {
    return this.server.mirrorConfiguration(name, changes);
  }

  #judge(request: SeenRequest): Verdict | Promise<Verdict> {
    this.#requests.push(request);
    if (this.#requests.length > MAX_REMEMBERED) this.#requests.shift();
    const entry = this.#rules.find((candidate) => applies(candidate, request));
    if (!entry) return 'serve';
    entry.applied += 1;
    entry.reach(request);
    return verdictOf(entry.rule.action);
  }

  #forget(entry: Rule): void {
    const index = this.#rules.indexOf(entry);
    if (index >= 0) this.#rules.splice(index, 1);
  }
}

/** Counts the request where it matches, so each rule is asked only until one applies. */
function applies(entry: Rule, request: SeenRequest): boolean {
  const { rule } = entry;
  if (!matches(rule, request)) return false;
  entry.seen += 1;
  const first = rule.at ?? 1;
  return entry.seen >= first && entry.seen < first + (rule.times ?? 1);
}

function matches({ kind, path }: ScriptedRule, request: SeenRequest): boolean {
  const kinds = typeof kind === 'string' ? [kind] : kind;
  if (kinds && !kinds.includes(request.kind)) return false;
  if (path === undefined) return true;
  if (request.path === undefined) return false;
  return typeof path === 'string' ? path === request.path : path.test(request.path);
}

async function verdictOf(action: ScriptedAction): Promise<Verdict> {
  if (typeof action === 'string' || 'status' in action) return action;
  await ('delayMs' in action ? sleep(action.delayMs) : action.until);
  return 'serve';
}
