import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplianceProcess } from './appliance-process.ts';
import { MountWorker } from './mount-worker.ts';
import { differencesOf, everyMirrorInSync } from './replicas.ts';
import { ScriptedSftp } from './scripted-sftp.ts';
import { type SshdMirror, startSshdMirror } from './sshd-mirror.ts';
import type { StepFault } from './stepped-main.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';

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
  inSync(): Promise<void> {
    return everyMirrorInSync(this.appliance, HEAL_LIMIT_MS);
  }

  differences(): Promise<string[]> {
    return differencesOf(this.replicas);
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
