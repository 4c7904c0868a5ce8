import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MirrorView, Overview, TransactionView } from '../../shared/api.ts';
import { ApplianceProcess } from './appliance-process.ts';
import { compareTrees, type ComparisonOptions } from './compare-trees.ts';
import { type MountAnswer, type MountCall, MountWorker } from './mount-worker.ts';
import { seedMutations } from './mutations.ts';
import { noneLeft } from './none-left.ts';
import { everyMirrorInSync, leftoversIn } from './replicas.ts';
import { runCommand } from './run-command.ts';
import { pinOf, type SshdMirror, startSshdMirror } from './sshd-mirror.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

export const TRIES = { times: 2, wait: [0.2] };
export const TIMEOUT_SECONDS = 1;
/** Every attempt at its limit, the pauses between, the undoing at its limit, and what a busy machine adds. */
export const CALL_BOUND_MS = 2 * 1000 + 200 + 1000 + 1000;
/** A mirror that has its way to be put right, on a busy machine. */
const HEAL_LIMIT_MS = 20_000;
/** Times of directories follow a moment after what was changed in them. */
const SETTLED_LIMIT_MS = 5000;
const SHOWN_WITHIN_MS = 2000;

export interface MirroredApplianceOptions {
  /** Directories below the root in which `mutationsIn` finds its files. */
  readonly areas: readonly string[];
  /** Where the second mirror keeps its files, such as a small disk. */
  readonly secondRoot?: string;
}

/**
 * The real command with three real mirrors, of which the second is the one that fails; it is reached through a
 * link that can be cut. Beside them stands a copy of what the tree is expected to hold.
 */
export class MirroredAppliance {
  readonly link: TcpProxy;
  readonly appliance: ApplianceProcess;
  readonly #mirrors: readonly SshdMirror[];
  readonly #second: SshdMirror;
  readonly #worker = new MountWorker();
  readonly #expected: TempDirectory;

  private constructor(
    mirrors: readonly [SshdMirror, SshdMirror, SshdMirror],
    link: TcpProxy,
    expected: TempDirectory,
  ) {
    this.#mirrors = mirrors;
    this.#second = mirrors[1];
    this.link = link;
    this.#expected = expected;
    const configurations = mirrors.map((mirror) => mirror.config());
    // known_hosts has the server's own port, not the link's.
    const behindLink = mirrors[1].config({
      port: link.port,
      knownHosts: undefined,
      hostKey: pinOf(mirrors[1]),
    });
    this.appliance = new ApplianceProcess({
      mirrors: [configurations[0], behindLink, configurations[2]].filter((config) => config !== undefined),
      configuration: { tries: TRIES, timeout: TIMEOUT_SECONDS },
    });
  }

  /** Starts all of it, and waits until every mirror holds the files of the areas. */
  static async start({ areas, secondRoot }: MirroredApplianceOptions): Promise<MirroredAppliance> {
    const [m1, m2, m3] = await Promise.all([
      startSshdMirror({ name: 'm1' }),
      startSshdMirror({ name: 'm2', ...(secondRoot !== undefined && { root: secondRoot }) }),
      startSshdMirror({ name: 'm3' }),
    ]);
    const link = new TcpProxy({ targetPort: m2.port });
    await link.start();
    const stand = new MirroredAppliance([m1, m2, m3], link, await tempDirectory('expected'));
    try {
      await stand.#begin(areas);
      return stand;
    } catch (error) {
      await stand.stop();
      throw error;
    }
  }

  async #begin(areas: readonly string[]): Promise<void> {
    await this.appliance.prepare();
    for (const area of areas) {
      await mkdir(join(this.appliance.localPath, area));
      await seedMutations(this.appliance.localPath, area);
    }
    await this.appliance.start();
    this.#worker.start();
    await this.backInSync();
    await this.expectLocal();
  }

  async stop(): Promise<void> {
    this.#second.thaw().catch(() => {});
    await this.appliance.stop();
    this.#worker.stop();
    await this.link.stop();
    for (const mirror of this.#mirrors) await mirror.stop();
    await this.#expected.remove();
  }

  /** The mirror that fails. */
  get second(): SshdMirror {
    return this.#second;
  }

  get localPath(): string {
    return this.appliance.localPath;
  }

  /** A call through the mount, its paths below `directory`. */
  inMount(call: MountCall, directory = ''): Promise<MountAnswer> {
    return this.#worker.call(join(this.appliance.mountPoint, directory), call);
  }

  /** The same on the copy, so that the result is expected from now on. */
  async inExpected(call: MountCall): Promise<void> {
    expect(await this.#worker.call(this.#expected.path, call), JSON.stringify(call)).toMatchObject({
      ok: true,
    });
  }

  /** From now on the tree is to stay as the local directory is. */
  async expectLocal(): Promise<void> {
    const args = ['-aH', '--delete', '--exclude=/.proxyfs', `${this.localPath}/`, `${this.#expected.path}/`];
    expect(await runCommand('rsync', args)).toMatchObject({ code: 0 });
  }

  /** Takes over the times that calls have set by the clock, with all else as expected. */
  async expectTimesOfLocal(): Promise<void> {
    const times = { ignoreDirectoryTimes: true, ignoreFileTimes: true };
    expect(await compareTrees([this.#expected.path, this.localPath], times)).toEqual([]);
    await this.expectLocal();
  }

  /** What differs in `directory` between the copy and the replicas other than the failing one. */
  healthyDifferences(directory = '', options: ComparisonOptions = {}): Promise<string[]> {
    const [first, , third] = this.#mirrors.map(({ root }) => root);
    const roots = [this.#expected.path, this.localPath, first ?? '', third ?? ''];
    return compareTrees(
      roots.map((root) => join(root, directory)),
      options,
    );
  }

  /** Waits until every mirror is up and in sync by what the appliance says. */
  backInSync(): Promise<void> {
    return everyMirrorInSync(this.appliance, HEAL_LIMIT_MS);
  }

  /** All four replicas are what is expected, down to mtimes and hard links, and nothing is left over anywhere. */
  async expectAllEqual(directory = ''): Promise<void> {
    const replicas = [this.localPath, ...this.#mirrors.map(({ root }) => root)];
    const roots = [this.#expected.path, ...replicas].map((root) => join(root, directory));
    await noneLeft(() => compareTrees(roots), SETTLED_LIMIT_MS);
    await noneLeft(() => leftoversIn(replicas), SETTLED_LIMIT_MS);
  }

  async overview(): Promise<Overview> {
    return (await this.appliance.api('/api/v1/overview')).body as Overview;
  }

  async mirrors(): Promise<MirrorView[]> {
    return (await this.overview()).mirrors;
  }

  /** Has the appliance try to reach a mirror now, as an operator would. */
  async nudge(mirror: string): Promise<void> {
    expect(await this.appliance.api(`/api/v1/mirrors/${mirror}/retry`, { method: 'POST' })).toMatchObject({
      status: 200,
    });
  }

  async secondMirror(): Promise<MirrorView> {
    const view = (await this.mirrors()).find(({ id }) => id === 'm2');
    if (!view) throw new Error('the appliance does not know m2');
    return view;
  }

  /** The latest rolled-back transaction on this path, as soon as the REST API shows it. */
  async rolledBack(operation: string, path: string): Promise<TransactionView> {
    const query = `op=${operation}&outcome=rolled-back&pathPrefix=${encodeURIComponent(path)}`;
    const look = async () => {
      const { body } = await this.appliance.api(`/api/v1/transactions?${query}`);
      return (body as { items: TransactionView[] }).items.find((item) => item.path === path);
    };
    return waitUntil(`the API shows the rolled-back ${operation} of ${path}`, look, SHOWN_WITHIN_MS);
  }
}
