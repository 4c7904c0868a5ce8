import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mountedAt, unmountLazily } from '../fuse/mount-point.ts';
import { type CommandResult, runCommand, type RunningCommand, startCommand } from './run-command.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/server/testing/mounted-tree/main.js', import.meta.url));
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 40_000;

export type MountDriver = 'fuse-native' | 'kernel';
export type MountFault = 'hang-writes' | 'fail-writes' | 'fail-renames';

/** A directory mounted by a process of its own (of dist/), so that the test may use the mount through further children. */
export class MountedTree {
  /** Where the content really is. */
  readonly directory: string;
  readonly mountPoint: string;
  /** Holds everything of this tree. */
  readonly base: string;
  readonly #remove: () => Promise<void>;
  readonly #driver: MountDriver;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(base: string, driver: MountDriver, remove: () => Promise<void>) {
    this.base = base;
    this.#driver = driver;
    this.#remove = remove;
    this.directory = join(base, 'tree');
    this.mountPoint = join(base, 'mount');
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** All that the program has printed since its last start. */
  get output(): string {
    return this.#output;
  }

  /** Rejects with what the program printed when it ends instead of mounting. */
  async start(fault?: MountFault): Promise<void> {
    this.#child = await this.#run(this.mountPoint, fault);
  }

  /** Starts a second program for the same directory, which is expected to refuse that mount point. */
  async startAgainAt(mountPoint: string): Promise<void> {
    const child = await this.#run(mountPoint);
    child.kill('SIGKILL');
  }

  async #run(mountPoint: string, fault?: MountFault): Promise<ChildProcess> {
    const args = [
      PROGRAM,
      this.directory,
      mountPoint,
      join(this.base, 'state'),
      this.#driver,
      ...(fault ? [fault] : []),
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
    }
    const ready = () => this.#output.includes('"event":"ready"');
    await waitUntil('the tree is mounted', () => ready() || hasEnded(child), START_LIMIT_MS);
    if (!ready()) throw new Error(`the program ended: ${this.#output}`);
    return child;
  }

  /** How often the kernel has asked what since the last call; of the kernel driver. */
  async requests(): Promise<Readonly<Record<string, number>>> {
    const before = this.#output.length;
    this.#child?.kill('SIGUSR2');
    const line = await waitUntil('the requests are counted', () =>
      /^.*"event":"requests".*\n/m.exec(this.#output.slice(before)),
    );
    return (JSON.parse(line[0]) as { counts: Record<string, number> }).counts;
  }

  /** Resolves when a write has begun to wait for ever. */
  async writeHangs(): Promise<void> {
    await waitUntil('a write hangs', () => this.#output.includes('"event":"hanging"'));
  }

  /** Tells it to stop, and resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it whatever state it is in, and leaves nothing mounted or on the disk. */
  async remove(): Promise<void> {
    await this.#end('SIGKILL');
    while (await mountedAt(this.mountPoint)) await unmountLazily(this.mountPoint);
    await this.#remove();
  }

  /** Runs a shell script inside the mount. */
  sh(script: string, timeoutMs = 60_000): Promise<CommandResult> {
    return runCommand('/bin/bash', ['-c', script], { directory: this.mountPoint, timeoutMs });
  }

  /** Starts one that is to be signalled while it runs. */
  startSh(script: string): RunningCommand {
    return startCommand('/bin/bash', ['-c', script], { directory: this.mountPoint });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (!hasEnded(child)) child.kill(signal);
    await waitUntil('the program has ended', () => hasEnded(child), STOP_LIMIT_MS);
    return child.exitCode;
  }
}

/** Makes the directories of a tree to be mounted; `start` mounts it. */
export async function mountedTree(driver: MountDriver = 'fuse-native'): Promise<MountedTree> {
  const base = await tempDirectory('mounted');
  const tree = new MountedTree(base.path, driver, () => base.remove());
  await mkdir(tree.directory);
  await mkdir(tree.mountPoint);
  return tree;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
