import type { LocalTree } from '../filesystem/local-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

/**
 * The names of files with several hard links, found by walking the local tree when first asked and again
 * when what is remembered proves wrong. Lives for one pass of repairs.
 */
export class LinkGroups {
  readonly #local: LocalTree;
  readonly #visited = new Set<string>();
  #groups: Map<string, TreePath[]> | undefined;

  constructor(local: LocalTree) {
    this.#local = local;
  }

  /** All names of the file at `path`, itself included; only itself where it has no others. */
  async namesOf(path: TreePath): Promise<readonly TreePath[]> {
    const stat = await this.#local.lstat(path);
    if (stat.nlink <= 1n) return [path];
    const key = `${stat.dev}:${stat.ino}`;
    const remembered = this.#groups?.get(key);
    if (remembered && remembered.length === Number(stat.nlink) && remembered.includes(path))
      return remembered;
    this.#groups = await this.#local.walkHardLinks();
    return this.#groups.get(key) ?? [path];
  }

  /** True the first time this very group is asked for. */
  firstVisit(names: readonly TreePath[]): boolean {
    const key = names.join('\0');
    if (this.#visited.has(key)) return false;
    this.#visited.add(key);
    return true;
  }
}
