import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Overview } from '../../shared/api.ts';
import { ApplianceProcess } from './appliance-process.ts';
import { compareTrees } from './compare-trees.ts';
import { MountWorker } from './mount-worker.ts';
import { ScriptedSftp } from './scripted-sftp.ts';
import { type SshdMirror, startSshdMirror } from './sshd-mirror.ts';
import type { StepFault } from './stepped-main.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

const HEAL_LIMIT_MS = 20_000;

/**
 * The real command to be killed again and again: two mirrors on real sshd, the third on a server that refuses as
 * told, a child that works in the mount, and a directory beside for what is expected.
 */
export class CrashStand {
  readonly third: ScriptedSftp;
  readonly worker = new MountWorker();
  readonly appliance: ApplianceProcess;
  readonly #servers: readonly SshdMirror[];
  readonly #expected: TempDirectory;

  private constructor(servers: readonly SshdMirror[], third: ScriptedSftp, expected: TempDirectory) {
    this.#servers = servers;
    this.third = third;
    this.#expected = expected;
    const mirrors = [...servers.map((server) => server.config()), third.mirrorConfiguration('m3')];
    this.appliance = new ApplianceProcess({
      mirrors,
      configuration: { tries: { times: 2, wait: [0.2] }, timeout: 5 },
      entry: 'dist/server/testing/stepped-main.js',
      env: { PROXYFS_TEST_MAIN: '1', PROXYFS_TEST_STEP_FILE: faultFileOf(expected) },
    });
  }

  static async make(): Promise<CrashStand> {
    const servers = await Promise.all(['m1', 'm2'].map((name) => startSshdMirror({ name })));
    const third = new ScriptedSftp();
    await third.start();
    const stand = new CrashStand(servers, third, await tempDirectory('expected'));
    await mkdir(stand.expected);
    await stand.appliance.prepare();
    stand.worker.start();
    return stand;
  }

  /** Where the mount is entered, by the worker only. */
  get mountPoint(): string {
    return this.appliance.mountPoint;
  }

  get expected(): string {
    return expectedIn(this.#expected);
  }

  get localPath(): string {
    return this.appliance.localPath;
  }

  get replicas(): readonly string[] {
    return [this.localPath, ...this.#servers.map(({ root }) => root), this.third.root];
  }

  /** Resolves when it is mounted. */
  async start(): Promise<void> {
    await this.appliance.start();
  }

  /** From now on it kills itself at that step; undefined: at none. */
  async killAt(fault: StepFault | undefined): Promise<void> {
    const file = faultFileOf(this.#expected);
    await (fault ? writeFile(file, JSON.stringify(fault)) : rm(file, { force: true }));
  }

  /** Resolves when every mirror is up and in sync by what the appliance says. */
  async inSync(): Promise<void> {
    const overview = async () => (await this.appliance.api('/api/v1/overview')).body as Overview;
    const holds = async () =>
      (await overview()).mirrors.every(({ link, content }) => link === 'up' && content === 'in-sync');
    try {
      await waitUntil('every mirror is in sync', holds, HEAL_LIMIT_MS);
    } catch (cause) {
      const { mirrors } = await overview();
      throw new Error(`${JSON.stringify(mirrors)}\n${this.appliance.log.tail()}`, { cause });
    }
  }

  /** What differs between the replicas, and what is left over of anything that was under way. */
  async differences(): Promise<string[]> {
    const left = this.replicas.flatMap((root) =>
      ['undo', 'staging'].map((name) => join(root, '.proxyfs', name)),
    );
    const [differing, ...leftovers] = await Promise.all([compareTrees(this.replicas), ...left.map(namesIn)]);
    return [...differing, ...leftovers.flat()];
  }

  async stop(): Promise<void> {
    await this.appliance.stop();
    this.worker.stop();
    await this.third.stop();
    for (const server of this.#servers) await server.stop();
    await this.#expected.remove();
  }
}

function expectedIn({ path }: TempDirectory): string {
  return join(path, 'expected');
}

function faultFileOf({ path }: TempDirectory): string {
  return join(path, 'fault.json');
}

/** Of a directory that may not have been needed yet. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
