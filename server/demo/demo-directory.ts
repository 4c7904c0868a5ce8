import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountedAt, unmountLazily } from '../fuse/mount-point.ts';

/** Everything that the demo puts on the disk. */
export interface DemoDirectory {
  readonly path: string;
  readonly localPath: string;
  readonly mountPoint: string;
  /** One directory a mirror, to be served. */
  readonly mirrorPaths: readonly string[];
  /** Where the keys of the mirror at the same place in the list go. */
  readonly keyPaths: readonly string[];
}

export async function makeDemoDirectory(mirrorNames: readonly string[]): Promise<DemoDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'proxyfs-demo-')));
  const directory: DemoDirectory = {
    path,
    localPath: join(path, 'local'),
    mountPoint: join(path, 'mount'),
    mirrorPaths: mirrorNames.map((name) => join(path, name)),
    keyPaths: mirrorNames.map((name) => join(path, 'keys', name)),
  };
  const { localPath, mountPoint, mirrorPaths, keyPaths } = directory;
  for (const made of [localPath, mountPoint, ...mirrorPaths, ...keyPaths])
    await mkdir(made, { recursive: true });
  return directory;
}

/** Removes all of it. Rejects where something is still mounted, since removing through a mount would reach beyond it. */
export async function removeDemoDirectory({ path, mountPoint }: DemoDirectory): Promise<void> {
  while (await mountedAt(mountPoint)) await unmountLazily(mountPoint);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

const REMOVE_FROM_OUTSIDE = `
  umount -l "$0" || fusermount -uz "$0"
  rm -rf --one-file-system "$1"
`;

/**
 * The same by a process of its own that outlives this one, for an end by force: while this process holds the
 * mount and doesn't answer, whatever touches it would wait for ever.
 */
export function removeFromOutside({ path, mountPoint }: DemoDirectory): void {
  const options = { cwd: '/', detached: true, stdio: 'ignore' } as const;
  spawn('/bin/sh', ['-c', REMOVE_FROM_OUTSIDE, mountPoint, path], options).unref();
}
