import type { FileTree } from '../filesystem/file-tree.ts';
import { parentOf, type TreePath } from '../filesystem/tree-path.ts';
import { childrenOf } from './children.ts';
import type { Sides } from './divergence.ts';
import type { Tally } from './tally.ts';

/** So many files with several names on the mirror are remembered. */
const MOST_SEEN = 100_000;

/** Two names of which the local tree and the mirror don't say the same: whether they are one file. */
export interface OtherLink {
  readonly name: TreePath;
  readonly isOneThere: boolean;
}

/**
 * Compares which names are one file. A mirror tells it by ids of its files, where commands can be run on its server; else at
 * most by how many links each has, which proves too few, but not that they are the right ones.
 */
export class LinkComparison {
  readonly #local: FileTree;
  readonly #mirror: FileTree;
  readonly #namesOf: (path: TreePath) => Promise<readonly TreePath[]>;
  readonly #tally: Tally;
  /** By their ids on the mirror, one name of each. */
  readonly #seen = new Map<string, TreePath>();

  constructor(options: {
    local: FileTree;
    mirror: FileTree;
    namesOf: (path: TreePath) => Promise<readonly TreePath[]>;
    tally: Tally;
  }) {
    this.#local = options.local;
    this.#mirror = options.mirror;
    this.#namesOf = options.namesOf;
    this.#tally = options.tally;
  }

  /** At first sight; undefined where the name leads to what it should, or where that can't be told. */
  async differenceAt(path: TreePath, { here, there }: Sides): Promise<OtherLink | undefined> {
    if (here?.type !== 'file' || there?.type !== 'file') return undefined;
    if (here.links === 1 && there.links === 1) return undefined;
    const names = here.links === 1 ? [path] : await this.#namesOf(path);
    const other = names.find((name) => name !== path);
    if (!other && there.links === 1) return undefined;
    const id = other || there.links !== undefined ? await this.#mirror.fileId(path) : undefined;
    if (id !== undefined) return (await this.#strangerAt(path, id, names)) ?? this.#missing(path, id, names);
    // Of two names that have one link each, either is wrong.
    if (other && there.links === 1) return { name: other, isOneThere: false };
    this.#tally.unknownLinks += 1;
    return undefined;
  }

  /** With the path locked, so that no change of it explains the difference. */
  async isStill(path: TreePath, { name, isOneThere }: OtherLink): Promise<boolean> {
    const [isOneHere, isOneNow] = await Promise.all([
      isOne(this.#local, path, name),
      isOne(this.#mirror, path, name),
    ]);
    if (isOneHere !== !isOneThere) return false;
    if (isOneNow !== undefined) return isOneNow === isOneThere;
    return !isOneThere && (await this.#listedLinks(path)) === 1;
  }

  /** How many the mirror says that a file has: only a listing tells. */
  async #listedLinks(path: TreePath): Promise<number | undefined> {
    for await (const child of childrenOf(this.#mirror, parentOf(path))) {
      if (child.path === path) return child.stat.links;
    }
    return undefined;
  }

  /** A file that has this name on the mirror as well, and not on the local tree. */
  async #strangerAt(path: TreePath, id: string, names: readonly TreePath[]): Promise<OtherLink | undefined> {
    const seen = this.#seen.get(id);
    if (seen !== undefined && !names.includes(seen)) return { name: seen, isOneThere: true };
    if (this.#seen.size < MOST_SEEN) this.#seen.set(id, path);
    else if (seen === undefined) this.#tally.unknownLinks += 1;
    return undefined;
  }

  /** A name of the local file that leads elsewhere on the mirror. */
  async #missing(path: TreePath, id: string, names: readonly TreePath[]): Promise<OtherLink | undefined> {
    const first = names.reduce((least, name) => (name < least ? name : least), path);
    if (first === path) return undefined;
    const firstId = await this.#mirror.fileId(first);
    return firstId === undefined || firstId === id ? undefined : { name: first, isOneThere: false };
  }
}

/** Whether two names are one file; undefined where that can't be told. */
export async function isOne(tree: FileTree, a: TreePath, b: TreePath): Promise<boolean | undefined> {
  const [one, other] = await Promise.all([tree.fileId(a), tree.fileId(b)]);
  return one === undefined || other === undefined ? undefined : one === other;
}
