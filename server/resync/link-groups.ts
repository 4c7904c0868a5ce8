import { InodeQueue } from '../filesystem/inode-queue.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

/** How far the clock of a file system may lag behind the one that a program reads, with plenty to spare. */
const CLOCK_LAG_MS = 100n;

interface Walk {
  readonly startedAtMs: bigint;
  readonly groups: Promise<Map<string, TreePath[]>>;
}

/**
 * The names of files with several hard links, found by walking the local tree when first asked and again
 * when what is remembered proves wrong. All who ask meanwhile share a walk. Lives for one pass of repairs.
 */
export class LinkGroups {
  readonly #local: LocalTree;
  readonly #visited = new Set<string>();
  readonly #turns = new InodeQueue();
  #latest: Walk | undefined;

  constructor(local: LocalTree) {
    this.#local = local;
  }

  /** Runs work with the names of the file at `path`, after all that came before by any of them. */
  async inTurn<Result>(
    path: TreePath,
    work: (names: readonly TreePath[]) => Promise<Result>,
  ): Promise<Result> {
    const { dev, ino, nlink } = await this.#local.lstat(path);
    if (nlink <= 1n) return work([path]);
    return this.#turns.run(`${dev}:${ino}`, async () => work(await this.namesOf(path)));
  }

  /** All names of the file at `path`, itself included; only itself where it has no others. */
  async namesOf(path: TreePath): Promise<readonly TreePath[]> {
    const stat = await this.#local.lstat(path);
    if (stat.nlink <= 1n) return [path];
    const key = `${stat.dev}:${stat.ino}`;
    const known = this.#latest;
    const names = (await known?.groups)?.get(key);
    // Where some names are outside the tree the count never fits; but a name that comes changes the ctime.
    const isOlder = known !== undefined && stat.ctimeMs + CLOCK_LAG_MS < known.startedAtMs;
    if (names?.includes(path) && (isOlder || names.length === Number(stat.nlink))) return names;
    // RACE: the known walk may have passed by before a name came. Any other has begun after the look above.
    const fresh = this.#latest === known ? this.#walk() : (this.#latest ?? this.#walk());
    return (await fresh.groups).get(key) ?? [path];
  }

  /** Whether two names lead to one file now. */
  async areLinked(name: TreePath, other: TreePath): Promise<boolean> {
    const [one, two] = await Promise.all([this.#local.inodeOf(name), this.#local.inodeOf(other)]);
    return one !== undefined && one === two;
  }

  #walk(): Walk {
    const walk: Walk = { startedAtMs: BigInt(Date.now()), groups: this.#local.walkHardLinks() };
    walk.groups.catch(() => {
      if (this.#latest === walk) this.#latest = undefined;
    });
    this.#latest = walk;
    return walk;
  }

  /** True the first time this very group is asked for, for each purpose. */
  firstVisit(names: readonly TreePath[], purpose: 'linking' | 'replacing'): boolean {
    const key = [purpose, ...names].join('\0');
    if (this.#visited.has(key)) return false;
    this.#visited.add(key);
    return true;
  }
}
