import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { constants } from 'node:os';
import { AppError } from '../base/errors.ts';
import { appErrorOf, hasErrno } from '../filesystem/errno.ts';
import { runCommand } from './bounded-command.ts';
import { mountTable, type MountEntry } from './mount-table.ts';

/** What the mount table calls the source of our mounts. */
export const MOUNT_SOURCE = 'proxyfs';
const COMMAND_LIMIT_MS = 10_000;
const MOST_STACKED = 16;

/**
 * Looks at a path in a process of its own: a hung mount then hangs that one, and is not ours to wait for. The attributes of
 * a mount that has just died are still cached, its free space never is.
 */
const PROBE = `
  try { require('node:fs').statfsSync(process.argv[1]); }
  catch (error) { process.exit(error.code === 'ENOTCONN' ? ${constants.errno.ENOTCONN} : 1); }
`;

/** The mount seen at this directory, if it is one. Asks the table only: touching our own mount would deadlock. */
export async function mountedAt(mountPoint: string): Promise<MountEntry | undefined> {
  return (await mountTable()).findLast((mount) => mount.mountPoint === mountPoint);
}

/**
 * Makes a mount point ready: removes dead Proxyfs mounts left there by a crash, and answers the directory's
 * real path. Rejects with MOUNT_FAILED where it is no directory, or where something living is mounted.
 */
export async function prepareMountPoint(path: string): Promise<string> {
  const mountPoint = await locateMountPoint(path);
  await cleanStaleMount(mountPoint);
  const stat = await lstatOrExplain(mountPoint);
  if (!stat.isDirectory()) throw new AppError('MOUNT_FAILED', `the mount point ${path} is not a directory`);
  return mountPoint;
}

/** What a start would meet at a mount point. */
export type MountPointState = 'free' | 'living' | 'dead' | 'foreign' | 'missing' | 'occupied';

/** Looks at a mount point and changes nothing. */
export async function lookAtMountPoint(path: string): Promise<MountPointState> {
  const mountPoint = await locateMountPoint(path).catch(() => undefined);
  if (mountPoint === undefined) return 'missing';
  const mount = await mountedAt(mountPoint);
  if (mount && !isOurs(mount)) return 'foreign';
  if (mount) return (await isDead(mountPoint)) ? 'dead' : 'living';
  const names = await readdir(mountPoint).catch(() => undefined);
  if (!names) return 'missing';
  return names.length > 0 ? 'occupied' : 'free';
}

/** Removes dead Proxyfs mounts from a directory; leaves everything else alone and rejects with MOUNT_FAILED. */
export async function cleanStaleMount(mountPoint: string): Promise<void> {
  for (let removed = 0; removed < MOST_STACKED; removed++) {
    const mount = await mountedAt(mountPoint);
    if (!mount) return;
    if (!isOurs(mount)) {
      throw new AppError('MOUNT_FAILED', `${mount.source} (${mount.type}) is mounted on ${mountPoint}`);
    }
    if (!(await isDead(mountPoint))) {
      throw new AppError('MOUNT_FAILED', `another Proxyfs is mounted on ${mountPoint}, and alive`);
    }
    await unmountLazily(mountPoint);
  }
  throw new AppError('MOUNT_FAILED', `too many dead mounts on ${mountPoint}`);
}

/** Takes the mount out of the tree even while it is in use; it ends when its last user does. */
export async function unmountLazily(mountPoint: string): Promise<void> {
  await unmountWith(mountPoint, isRoot() ? ['umount', '-l', mountPoint] : ['fusermount', '-uz', mountPoint]);
}

/** Unmounts; false where somebody is still inside. */
export async function unmountIfIdle(mountPoint: string): Promise<boolean> {
  const [program, ...args] = isRoot() ? ['umount', mountPoint] : ['fusermount', '-u', mountPoint];
  const end = await runCommand(program ?? '', args, COMMAND_LIMIT_MS);
  return typeof end === 'object' && end.exitCode === 0;
}

async function unmountWith(mountPoint: string, [program = '', ...args]: string[]): Promise<void> {
  const end = await runCommand(program, args, COMMAND_LIMIT_MS);
  if (typeof end === 'object' && end.exitCode === 0) return;
  const reason = typeof end === 'object' ? end.stderr.trim() : end;
  throw new AppError('MOUNT_FAILED', `${program} ${mountPoint}: ${reason}`);
}

function isOurs({ source, type }: MountEntry): boolean {
  return source === MOUNT_SOURCE && type.startsWith('fuse');
}

/** Whether nobody serves the mount any more: then the kernel answers ENOTCONN to everything. */
async function isDead(mountPoint: string): Promise<boolean> {
  const end = await runCommand(process.execPath, ['-e', PROBE, mountPoint], COMMAND_LIMIT_MS);
  return typeof end === 'object' && end.exitCode === constants.errno.ENOTCONN;
}

/** The path as the mount table has it. What is mounted is not looked into: a dead mount answers nothing. */
export async function locateMountPoint(path: string): Promise<string> {
  try {
    const located = join(await realpath(dirname(path)), basename(path));
    if (await mountedAt(located)) return located;
    return (await lstat(located)).isSymbolicLink() ? await realpath(located) : located;
  } catch (error) {
    throw unusable(path, error);
  }
}

async function lstatOrExplain(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): AppError {
  const reason = hasErrno(cause, 'ENOENT') ? 'does not exist' : `can't be used: ${appErrorOf(cause).message}`;
  return new AppError('MOUNT_FAILED', `the mount point ${path} ${reason}`, { cause });
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
