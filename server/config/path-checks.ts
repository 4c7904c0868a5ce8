import { dirname, join } from 'node:path';
import { type Override, variableAt } from './environment.ts';
import {
  absolutePath,
  contains,
  type LocalPath,
  localPath,
  overlapOf,
  type PathBase,
} from './local-paths.ts';
import type { ProblemList } from './problem-list.ts';
import type { SoundParts } from './sound-parts.ts';

type PathKey = 'local_path' | 'mount_point' | 'state_path';

/** The paths of this machine, as far as they are given and sound. */
export type OwnPaths = Readonly<Partial<Record<PathKey, LocalPath>>>;

/** Resolves `local_path`, `mount_point` and `state_path`; those from variables begin at the working directory. */
export async function resolveOwnPaths(
  parts: SoundParts,
  overrides: readonly Override[],
  base: PathBase,
): Promise<OwnPaths> {
  const paths: Partial<Record<PathKey, LocalPath>> = {};
  for (const key of ['local_path', 'mount_point', 'state_path'] as const) {
    const written = parts[key];
    if (written === undefined) continue;
    const isVariable = variableAt(overrides, [key]) !== undefined;
    const from = isVariable ? { ...base, directory: process.cwd() } : base;
    paths[key] = await localPath(absolutePath(written, from));
  }
  return paths;
}

/** Where the state lies unless `state_path` says otherwise. */
export function defaultStatePath(local: string): string {
  return join(local, '.proxyfs');
}

/** Refuses directories that would feed the mount with itself, or mirror the state as if it were content. */
export async function checkOwnPaths(paths: OwnPaths, file: string, list: ProblemList): Promise<void> {
  const { local_path: local, mount_point: mount, state_path: state } = paths;
  if (local && mount) checkMountPoint(mount, local, list);
  if (mount && state && isInside(mount, state)) list.add(['state_path'], 'lies inside mount_point');
  if (local && state && isInside(local, state) && !isInside(stateHome(local), state)) {
    list.add(['state_path'], 'lies inside local_path, of which only .proxyfs is kept out of the mirrors');
  }
  if (mount && isInside(mount, await localPath(file))) {
    list.add(['mount_point'], 'this configuration file lies inside it');
  }
}

/** Whether a path is the directory or lies inside it, as written or after following symbolic links. */
export function isInside(outer: LocalPath, inner: LocalPath): boolean {
  return contains(outer.absolute, inner.absolute) || contains(outer.real, inner.real);
}

function checkMountPoint(mount: LocalPath, local: LocalPath, list: ProblemList): void {
  const overlap = overlapOf(mount, local);
  if (overlap === 'same') list.add(['mount_point'], 'is the same directory as local_path');
  if (overlap === 'inside') list.add(['mount_point'], 'lies inside local_path');
  if (overlap === 'around') list.add(['mount_point'], 'local_path lies inside it');
}

function stateHome(local: LocalPath): LocalPath {
  return { absolute: defaultStatePath(local.absolute), real: defaultStatePath(local.real) };
}

/** The base of paths in a configuration file. */
export function pathBase(file: string, home: string): PathBase {
  return { directory: dirname(file), home };
}
