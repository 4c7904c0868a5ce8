import { readlink } from 'node:fs/promises';
import { locateMountPoint } from './mount-point.ts';
import { type MountEntry, mountTable } from './mount-table.ts';

/** The kernel's number of the pid namespace that it starts with. */
const FIRST_PIDS = 'pid:[4026531836]';

/**
 * Why what is mounted here is seen by this process and its children only, in a container or a service of its own mounts.
 * undefined where everybody sees it.
 */
export async function hiddenMountReason(path: string): Promise<string | undefined> {
  const mountPoint = await locateMountPoint(path);
  const propagation = mountAround(mountPoint, await mountTable())?.propagation ?? 'shared';
  const isHidden = propagation === 'slave' || (propagation === 'private' && (await hasOwnMounts()));
  if (!isHidden) return undefined;
  return (
    `${path} is on a ${propagation} mount, so the mount does not reach the host (in a container: ` +
    '-v /DIRECTORY:/DIRECTORY:rshared, and the mount point in a subdirectory; in a service: no mounts of its own)'
  );
}

/** The mount that a path lies in, or is. */
export function mountAround(path: string, table: readonly MountEntry[]): MountEntry | undefined {
  const around = table.filter(
    ({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`),
  );
  const longest = Math.max(...around.map(({ mountPoint }) => mountPoint.length));
  return around.findLast(({ mountPoint }) => mountPoint.length === longest);
}

/** Only where it is certain. */
async function hasOwnMounts(): Promise<boolean> {
  const namespace = (path: string) => readlink(path).catch(() => undefined);
  if ((await namespace('/proc/self/ns/pid')) !== FIRST_PIDS) return true;
  const [first, own] = [await namespace('/proc/1/ns/mnt'), await namespace('/proc/self/ns/mnt')];
  return first !== undefined && first !== own;
}
