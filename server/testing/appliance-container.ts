import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { writeConfigurationFile } from '../demo/configuration-file.ts';
import { mountedAt, unmountLazily } from '../fuse/mount-point.ts';
import { docker } from './docker.ts';
import { freePort } from './free-port.ts';
import { type LogLine, LogLines } from './log-lines.ts';
import { runCommand } from './run-command.ts';
import type { SshdMirror } from './sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

const texts = z.array(z.string());
const composeSchema = z.object({
  services: z.object({
    proxyfs: z.object({
      network_mode: z.string(),
      init: z.boolean(),
      devices: texts,
      cap_add: texts,
      security_opt: texts,
      environment: z.record(z.string(), z.string()),
      volumes: texts,
    }),
  }),
});

const READY_LIMIT_MS = 30_000;
const EXIT_LIMIT_MS = 60_000;
const TOKEN = 'of-a-container';
const SHARED = '/mnt/proxyfs';

/** The image run as compose.example.yml says, with directories of its own on this machine. */
export class ApplianceContainer {
  /** Of the latest start. */
  readonly log = new LogLines();
  readonly #name = `proxyfs-test-${process.pid}-${Date.now()}`;
  readonly #temp: TempDirectory;
  readonly #port: number;
  #attached: ChildProcess | undefined;
  #exitCode: number | null | undefined;

  private constructor(temp: TempDirectory, port: number) {
    this.#temp = temp;
    this.#port = port;
  }

  /** Makes directories, configuration and container, and starts nothing. */
  static async create(image: string, mirrors: readonly SshdMirror[]): Promise<ApplianceContainer> {
    const made = new ApplianceContainer(await tempDirectory('container'), await freePort());
    for (const name of ['config', 'local', 'state', 'shared/www'])
      await mkdir(join(made.#temp.path, name), { recursive: true });
    await made.#configure(mirrors);
    await run('mount', ['--bind', made.#shared, made.#shared]);
    await run('mount', ['--make-shared', made.#shared]);
    await docker(['create', '--name', made.#name, ...(await made.#options()), image]);
    return made;
  }

  get localPath(): string {
    return join(this.#temp.path, 'local');
  }

  /** On this machine. */
  get mountPoint(): string {
    return join(this.#shared, 'www');
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    this.log.clear();
    this.#exitCode = undefined;
    const child = spawn('docker', ['start', '-a', this.#name], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.log.follow(child.stdout);
    this.log.follow(child.stderr);
    child.once('exit', (code) => (this.#exitCode = code));
    this.#attached = child;
    await this.#until('the container is ready', () => this.log.last('ready'), READY_LIMIT_MS);
  }

  async kill(): Promise<void> {
    await docker(['kill', this.#name]);
    await this.#until('the container has ended', () => this.#exitCode !== undefined, EXIT_LIMIT_MS);
  }

  /** By SIGTERM; answers the exit code. */
  async stop(): Promise<number | null | undefined> {
    await docker(['stop', '-t', '60', this.#name], EXIT_LIMIT_MS + 5000);
    await this.#until('the container has ended', () => this.#exitCode !== undefined, EXIT_LIMIT_MS);
    return this.#exitCode;
  }

  /** Runs `proxyfs` inside. */
  command(args: readonly string[]): Promise<string> {
    return docker(['exec', this.#name, 'proxyfs', ...args]);
  }

  async health(): Promise<string> {
    return docker(['inspect', '-f', '{{.State.Health.Status}}', this.#name]);
  }

  async api(path: string) {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const url = `http://127.0.0.1:${this.#port}${path}`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5000) });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  async remove(): Promise<void> {
    await runCommand('docker', ['rm', '-f', this.#name]);
    this.#attached?.kill('SIGKILL');
    while (await mountedAt(this.mountPoint)) await unmountLazily(this.mountPoint);
    while (await mountedAt(this.#shared)) await unmountLazily(this.#shared);
    await this.#temp.remove();
  }

  get #shared(): string {
    return join(this.#temp.path, 'shared');
  }

  async #configure(mirrors: readonly SshdMirror[]): Promise<void> {
    const config = join(this.#temp.path, 'config');
    for (const { name, identityFile, knownHosts } of mirrors) {
      await copyFile(identityFile, join(config, `${name}.key`));
      await copyFile(knownHosts, join(config, `${name}.known_hosts`));
    }
    await writeFile(join(config, 'token'), TOKEN, { mode: 0o600 });
    await writeConfigurationFile(config, {
      localPath: '/srv/www',
      mountPoint: `${SHARED}/www`,
      listen: '127.0.0.1:8080',
      mirrors: mirrors.map((mirror) =>
        mirror.config({ identityFile: `${mirror.name}.key`, knownHosts: `${mirror.name}.known_hosts` }),
      ),
      more: { state_path: '/var/lib/proxyfs', tries: { times: 1, wait: [] }, timeout: 2 },
    });
  }

  async #options(): Promise<string[]> {
    const service = await composeService();
    const source: Record<string, string> = {
      '/etc/proxyfs': join(this.#temp.path, 'config'),
      '/srv/www': this.localPath,
      '/var/lib/proxyfs': join(this.#temp.path, 'state'),
      [SHARED]: this.#shared,
    };
    const volumes = service.volumes.map((volume) => {
      const [, target = '', ...options] = volume.split(':');
      return [source[target] ?? '', target, ...options].join(':');
    });
    const environment = { ...service.environment, PROXYFS_LISTEN: `127.0.0.1:${this.#port}` };
    return [
      ...['--network', service.network_mode, `--init=${service.init}`, '--health-interval', '500ms'],
      ...service.devices.flatMap((device) => ['--device', device]),
      ...service.cap_add.flatMap((capability) => ['--cap-add', capability]),
      ...service.security_opt.flatMap((option) => ['--security-opt', option]),
      ...Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      ...volumes.flatMap((volume) => ['-v', volume]),
    ];
  }

  async #until(name: string, condition: () => LogLine | boolean | undefined, limitMs: number): Promise<void> {
    const ended = () => this.#exitCode !== undefined;
    try {
      await waitUntil(name, () => condition() ?? ended(), limitMs);
    } catch (cause) {
      throw new Error(`${name}; its last words:\n${this.log.tail()}`, { cause });
    }
    if (!condition()) throw new Error(`the container ended before: ${name}\n${this.log.tail()}`);
  }
}

/** What the example for users says, which is run here as it is. */
async function composeService() {
  const file = join(import.meta.dirname, '../../compose.example.yml');
  return composeSchema.parse(parse(await readFile(file, 'utf8'))).services.proxyfs;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
