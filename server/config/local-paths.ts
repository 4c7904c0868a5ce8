import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { withDeadline } from '../base/wait.ts';

const REALPATH_LIMIT_MS = 2000;

/** Where paths of the configuration start from. */
export interface PathBase {
  /** The directory that relative paths are meant from. */
  readonly directory: string;
  /** What `~` stands for. */
  readonly home: string;
}

/** A path as it will be used, and with symbolic links followed as far as they exist. */
export interface LocalPath {
  readonly absolute: string;
  readonly real: string;
}

/** Makes a path absolute: `~/` is the home directory, anything relative begins at the base. */
export function absolutePath(written: string, { directory, home }: PathBase): string {
  const expanded = written === '~' || written.startsWith('~/') ? join(home, written.slice(1)) : written;
  return resolve(directory, expanded);
}

/** Follows symbolic links where the path exists; what does not exist (yet) stays as it is written. */
export async function localPath(absolute: string): Promise<LocalPath> {
  return { absolute, real: await realPathOf(absolute) };
}

/** Whether `inner` is `outer` or lies below it. */
export function contains(outer: string, inner: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

export type Overlap = 'same' | 'inside' | 'around';

/** How two paths overlap, as written or after following symbolic links. */
export function overlapOf(path: LocalPath, other: LocalPath): Overlap | undefined {
  return overlapBetween(path.absolute, other.absolute) ?? overlapBetween(path.real, other.real);
}

/** How two absolute paths overlap. */
export function overlapBetween(path: string, other: string): Overlap | undefined {
  if (path === other) return 'same';
  if (contains(other, path)) return 'inside';
  return contains(path, other) ? 'around' : undefined;
}

/** A mount point may be a dead or frozen mount: then its parent has to do. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await withDeadline(realpath(path), REALPATH_LIMIT_MS, 'realpath', 'INPUT_OUTPUT');
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPathOf(parent), basename(path));
  }
}
