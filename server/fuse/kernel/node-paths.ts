import { AppError, hasCode } from '../../base/errors.ts';
import { sleep } from '../../base/wait.ts';
import { childOf, isWithin, type TreePath } from '../../filesystem/tree-path.ts';
import type { Node } from './node.ts';
import type { NodeTable } from './node-table.ts';

const MOST_ATTEMPTS = 16;
/** How long a path that leads nowhere may be waited for while its ancestor is being renamed. */
const RENAME_END_MS = 20;

interface Move {
  readonly from: TreePath;
  readonly ended: Promise<void>;
}

/**
 * Where nodes are while renames go on. A rename shows in the local tree some moments before the table hears of
 * it; in between, the path of what lies below leads nowhere, or to something else (refused with STALE_HANDLE by
 * whoever noticed). Nothing was changed by such an attempt, so it is made again once the path is another.
 */
export class NodePaths {
  readonly #nodes: NodeTable;
  readonly #moves = new Set<Move>();

  constructor(nodes: NodeTable) {
    this.#nodes = nodes;
  }

  /** Runs `work` on the path of a node. Rejects with STALE_HANDLE where the node has no name. */
  async at<T>(node: Node, work: (path: TreePath) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const path = this.#nodes.pathOf(node);
      if (path === undefined) throw new AppError('STALE_HANDLE');
      try {
        return await work(path);
      } catch (error) {
        const isLost = hasCode(error, 'NOT_FOUND', 'NOT_A_DIRECTORY', 'STALE_HANDLE');
        if (!isLost || attempt >= MOST_ATTEMPTS || !(await this.#hasMoved(node, path))) throw error;
      }
    }
  }

  /** Runs `work` on the path of a name in a directory. */
  below<T>(directory: Node, name: string, work: (path: TreePath) => Promise<T>): Promise<T> {
    return this.at(directory, (path) => work(childOf(path, name)));
  }

  /** Runs a rename, and the table's part of it, so that others know what is moving. */
  async moving(from: TreePath, work: () => Promise<void>): Promise<void> {
    const result = work();
    const move: Move = { from, ended: result.catch(() => {}) };
    this.#moves.add(move);
    try {
      await result;
    } finally {
      this.#moves.delete(move);
    }
  }

  async #hasMoved(node: Node, path: TreePath): Promise<boolean> {
    if (this.#nodes.pathOf(node) !== path) return true;
    const moves = [...this.#moves].filter(({ from }) => isWithin(path, from));
    if (moves.length === 0) return false;
    await Promise.race([...moves.map(({ ended }) => ended), sleep(RENAME_END_MS)]);
    return this.#nodes.pathOf(node) !== path;
  }
}
