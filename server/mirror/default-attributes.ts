import { isWithin, parentOf, type TreePath } from '../filesystem/tree-path.ts';
import type { SftpAttributes } from './sftp-protocol.ts';

const MOST_DIRECTORIES = 64;
/** Of one directory. */
const MOST_ENTRIES = 16;

/** An entry that is made, by what decides how it comes out. */
export interface NewEntry {
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly path: TreePath;
  /** What it is to be like. */
  readonly wanted: SftpAttributes;
}

/**
 * Which new entries a server makes as they are wanted without being told: that is up to account and umask of the login,
 * and to the default ACL and the group rule of the directory. Learnt in each directory from the first one of a
 * kind, so that those after it need no request for their attributes.
 */
export class DefaultAttributes {
  /** Those learnt last at the end. */
  readonly #right = new Map<TreePath, Set<string>>();

  areRight(entry: NewEntry): boolean {
    return this.#right.get(parentOf(entry.path))?.has(keyOf(entry)) ?? false;
  }

  /** `found`: what it was like before anything was set. */
  learn(entry: NewEntry, found: SftpAttributes): void {
    const { mode, uid, gid } = entry.wanted;
    if (mode !== undefined && mode !== (found.mode ?? 0) % 0o10000) return;
    if (uid !== undefined && (uid !== found.uid || gid !== found.gid)) return;
    const directory = parentOf(entry.path);
    const right = this.#right.get(directory) ?? new Set();
    if (right.size < MOST_ENTRIES) right.add(keyOf(entry));
    this.#right.delete(directory);
    this.#right.set(directory, right);
    const [oldest = directory] = this.#right.keys();
    if (this.#right.size > MOST_DIRECTORIES) this.#right.delete(oldest);
  }

  /** What is made in this directory, or below it, may come out differently from now on. */
  forget(path: TreePath): void {
    for (const directory of this.#right.keys()) {
      if (isWithin(directory, path)) this.#right.delete(directory);
    }
  }
}

function keyOf({ kind, wanted: { mode, uid, gid } }: NewEntry): string {
  return `${kind} ${mode} ${uid}:${gid}`;
}
