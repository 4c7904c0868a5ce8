import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

const MIB = 1024 * 1024;

export interface SmallDiskOptions {
  readonly sizeBytes: number;
  /** How many files, directories and symlinks it holds at most. */
  readonly inodes?: number;
  /** tmpfs needs no loop device; ext4 is what servers have. */
  readonly kind?: 'tmpfs' | 'ext4';
}

/** A file system of its own, for tests of full and read-only mirrors. Needs root. */
export interface SmallDisk {
  /** An empty directory on it. */
  readonly path: string;
  /** Resolves when it is read-only; waits for files open for writing to be closed. */
  remountReadOnly(): Promise<void>;
  remountReadWrite(): void;
  /** Takes all space that is left, to the last block, with a file beside the directory. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  remove(): void;
}

/** Makes and mounts a small file system. */
export function smallDisk(options: SmallDiskOptions): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'proxyfs-disk-'));
  const mountPoint = join(directory, 'disk');
  mkdirSync(mountPoint);
  if (options.kind === 'ext4') mountExt4(directory, mountPoint, options);
  else mountTmpfs(mountPoint, options);
  const path = join(mountPoint, 'root');
  mkdirSync(path);
  const ballast = join(mountPoint, 'ballast');
  const remove = () => {
    process.off('exit', remove);
    attempt('umount', ['-l', mountPoint]);
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return {
    path,
    remountReadOnly: async () => {
      await waitUntil('the disk is remounted read-only', () =>
        attempt('mount', ['-o', 'remount,ro', mountPoint]),
      );
    },
    remountReadWrite: () => run('mount', ['-o', 'remount,rw', mountPoint]),
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    remove,
  };
}

function mountTmpfs(mountPoint: string, { sizeBytes, inodes }: SmallDiskOptions): void {
  const limits = inodes === undefined ? `size=${sizeBytes}` : `size=${sizeBytes},nr_inodes=${inodes}`;
  run('mount', ['-t', 'tmpfs', '-o', limits, 'tmpfs', mountPoint]);
}

function mountExt4(directory: string, mountPoint: string, { sizeBytes, inodes }: SmallDiskOptions): void {
  const image = join(directory, 'image');
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  const inodeLimit = inodes === undefined ? [] : ['-N', String(inodes)];
  run('mkfs.ext4', ['-q', '-m', '0', ...inodeLimit, image]);
  run('mount', ['-o', 'loop', image, mountPoint]);
}

/** Writes until nothing more fits. */
function fillWith(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const sizeBytes of [MIB, 64 * 1024, 4096, 1024]) writeUntilFull(descriptor, sizeBytes);
  } finally {
    closeSync(descriptor);
  }
}

function writeUntilFull(descriptor: number, sizeBytes: number): void {
  try {
    while (writeSync(descriptor, Buffer.alloc(sizeBytes, 'x')) === sizeBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}

function attempt(command: string, args: readonly string[]): boolean {
  try {
    run(command, args);
    return true;
  } catch {
    return false;
  }
}
