import type { Configuration } from '../config/configuration.ts';
import { lookAtMountPoint } from '../fuse/mount-point.ts';
import { hiddenMountReason } from '../fuse/mount-reach.ts';
import { failed, fine, type Result, warning } from './finding.ts';

const RESULT = {
  free: (path: string) => fine(path, 'an empty directory'),
  living: (path: string) => fine(path, 'a Proxyfs is mounted there and alive'),
  dead: (path: string) => warning(path, 'a dead mount is left there; the next start removes it'),
  foreign: (path: string) => failed(path, 'something else is mounted there'),
  missing: (path: string) => failed(path, 'is not there, or no directory'),
  occupied: (path: string) => failed(path, 'is not empty'),
} as const;

/** Whether the directory can take the mount, and the mount would be seen by others. */
export async function mountPoint({ mountPoint: path }: Configuration): Promise<readonly Result[]> {
  const state = await lookAtMountPoint(path);
  const hidden = state === 'missing' ? undefined : await hiddenMountReason(path);
  return [RESULT[state](path), ...(hidden === undefined ? [] : [warning(path, hidden)])];
}
