import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplianceProcess } from '../appliance-process.ts';
import { compareTrees } from '../compare-trees.ts';
import { MountWorker } from '../mount-worker.ts';
import { noneLeft } from '../none-left.ts';
import { everyMirrorInSync, leftoversIn } from '../replicas.ts';
import { runCommand } from '../run-command.ts';
import { tempDirectory, type TempDirectory } from '../temp-directory.ts';
import { ChaosMirror } from './chaos-mirror.ts';

/** Until the longest pause between attempts to connect is over, and what a lost session may do late has been looked at. */
const HEAL_LIMIT_MS = 60_000;
const LATE_LIMIT_MS = 30_000;

/** The real command with three mirrors of which everything can fail, and a child that works in the mount. */
export class ChaosStand {
  readonly mirrors: readonly ChaosMirror[];
  readonly appliance: ApplianceProcess;
  readonly worker = new MountWorker();
  readonly #expected: TempDirectory;

  private constructor(
    mirrors: readonly ChaosMirror[],
    expected: TempDirectory,
    configuration: Readonly<Record<string, unknown>>,
  ) {
    this.mirrors = mirrors;
    this.#expected = expected;
    this.appliance = new ApplianceProcess({
      mirrors: mirrors.map((mirror) => mirror.config()),
      configuration,
    });
  }

  static async make(configuration: Readonly<Record<string, unknown>>): Promise<ChaosStand> {
    const mirrors = await Promise.all(['m1', 'm2', 'm3'].map((name) => ChaosMirror.start(name)));
    const stand = new ChaosStand(mirrors, await tempDirectory('expected'), configuration);
    await stand.appliance.prepare();
    stand.worker.start();
    return stand;
  }

  /** What the mount must hold is kept here by those who change it. */
  get expected(): string {
    return this.#expected.path;
  }

  get replicas(): readonly string[] {
    return [this.appliance.localPath, ...this.mirrors.map(({ server }) => server.root)];
  }

  /** With nothing wrong any more, every mirror is in sync again, all replicas are equal and nothing is left over. */
  async expectHealed(): Promise<void> {
    await everyMirrorInSync(this.appliance, HEAL_LIMIT_MS);
    await noneLeft(() => compareTrees(this.replicas), LATE_LIMIT_MS);
    // What can't be taken away while a disk is read-only goes with the next connection.
    if ((await leftoversIn(this.replicas)).length > 0) for (const { link } of this.mirrors) link.reset();
    await noneLeft(() => leftoversIn(this.replicas), LATE_LIMIT_MS);
    await everyMirrorInSync(this.appliance, HEAL_LIMIT_MS);
  }

  /** Copies every replica, what is expected and the log, to be looked at after a failure. */
  async keep(directory: string): Promise<void> {
    const trees = { expected: this.expected, local: this.appliance.localPath };
    const roots = this.mirrors.map(({ name, server }) => [name, server.root] as const);
    for (const [name, root] of [...Object.entries(trees), ...roots]) {
      await mkdir(join(directory, name), { recursive: true });
      await runCommand('rsync', ['-aH', `${root}/`, `${join(directory, name)}/`]);
    }
    await writeFile(join(directory, 'appliance.log'), this.appliance.log.tail(5000));
  }

  async stop(): Promise<void> {
    await this.appliance.stop();
    this.worker.stop();
    for (const mirror of this.mirrors) await mirror.stop();
    await this.#expected.remove();
  }
}
