import { AppError } from '../../base/errors.ts';
import { isWithin, movedPath, nameOf, parentOf, type TreePath } from '../../filesystem/tree-path.ts';
import type { Handle } from '../driver.ts';

/** What libfuse calls an open file that was unlinked: the node's number and a counter, eight hex digits each. */
const HIDDEN_NAME = /^\.fuse_hidden[0-9a-f]{8}([0-9a-f]{8})$/;
/** How many numbers libfuse may have skipped because other requests took them at the same time. */
const MOST_SKIPPED = 1024;

/**
 * Which handle libfuse knows under which path. libfuse addresses open files by path, and gives an open file that
 * is unlinked (or renamed onto) another name, `.fuse_hidden...`, which exists on no replica: only here.
 */
export class OpenPaths {
  readonly #paths = new Map<Handle, TreePath>();
  readonly #hidden = new Set<TreePath>();
  /** Their file was put back as a copy: what they wrote would reach no replica. */
  readonly #severed = new Set<Handle>();
  #lastCounter = 0;

  opened(handle: Handle, path: TreePath): void {
    this.#paths.set(handle, path);
  }

  closed(handle: Handle): void {
    this.#paths.delete(handle);
    this.#severed.delete(handle);
  }

  /** The open files behind a hidden name are to take no more changes. */
  sever(hidden: TreePath): void {
    for (const [handle, path] of this.#paths) if (path === hidden) this.#severed.add(handle);
  }

  /** Rejects a change by such a handle with STALE_HANDLE, rather than lose it. */
  mustTakeChanges(handle: Handle | undefined): void {
    if (handle !== undefined && this.#severed.has(handle)) throw new AppError('STALE_HANDLE');
  }

  handleAt(path: TreePath): Handle | undefined {
    for (const [handle, at] of this.#paths) if (at === path) return handle;
    return undefined;
  }

  /** The open file behind a hidden name. */
  hiddenHandle(path: TreePath): Handle | undefined {
    return this.#hidden.has(path) ? this.handleAt(path) : undefined;
  }

  isHidden(path: TreePath): boolean {
    return this.#hidden.has(path);
  }

  /**
   * Whether a rename is libfuse hiding an open file, which is an unlink. It must not be taken for one when a
   * user's program gives a file such a name: that file would be lost. So the file must be open, stay in its
   * directory, and the name carry the number that is libfuse's next.
   */
  isHiding(from: TreePath, to: TreePath): boolean {
    const counter = counterOf(to);
    if (counter === undefined || parentOf(from) !== parentOf(to)) return false;
    const ahead = (counter - this.#lastCounter) >>> 0;
    return ahead > 0 && ahead <= MOST_SKIPPED && this.handleAt(from) !== undefined;
  }

  hid(from: TreePath, to: TreePath): void {
    const counter = counterOf(to) ?? 0;
    if ((counter - this.#lastCounter) >>> 0 <= MOST_SKIPPED) this.#lastCounter = counter;
    this.#hidden.add(to);
    this.moved(from, to);
  }

  /** libfuse forgets a hidden name when the last handle is released. */
  forgot(path: TreePath): void {
    this.#hidden.delete(path);
  }

  removedDirectory(directory: TreePath): void {
    for (const path of this.#hidden) if (isWithin(path, directory)) this.#hidden.delete(path);
  }

  moved(from: TreePath, to: TreePath): void {
    for (const [handle, path] of this.#paths) {
      if (isWithin(path, from)) this.#paths.set(handle, movedPath(path, from, to));
    }
    for (const path of this.#hidden) {
      if (path === from || !isWithin(path, from)) continue;
      this.#hidden.delete(path);
      this.#hidden.add(movedPath(path, from, to));
    }
  }
}

function counterOf(path: TreePath): number | undefined {
  const digits = HIDDEN_NAME.exec(nameOf(path))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
