import { readlink } from 'node:fs/promises';
import { hasErrno } from '../filesystem/errno.ts';
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
  if (mountAround(mountPoint, await mountTable())?.shared !== false || !(await hasOwnMounts()))
    return undefined;
  return (
    `${path} is not on a shared mount, so the mount does not reach the host ` +
    '(in a container: -v /DIRECTORY:/DIRECTORY:rshared, and the mount point in a subdirectory)'
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

async function hasOwnMounts(): Promise<boolean> {
  if ((await readlink('/proc/self/ns/pid')) !== FIRST_PIDS) return true;
  try {
    return (await readlink('/proc/1/ns/mnt')) !== (await readlink('/proc/self/ns/mnt'));
  } catch (error) {
    // Other users may not ask; root may where it is not shut in.
    return process.geteuid?.() === 0 && hasErrno(error, 'EACCES', 'EPERM');
  }
}
