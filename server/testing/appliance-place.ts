import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { writeConfigurationFile } from '../demo/configuration-file.ts';
import { mountedAt, unmountLazily } from '../fuse/mount-point.ts';
import { freePort } from './free-port.ts';
import { tempDirectory } from './temp-directory.ts';

export interface AppliancePlaceOptions {
  readonly mirrors: readonly MirrorConfiguration[];
  /** Further keys of the file, such as `{ tries: { times: 1, wait: [] }, timeout: 1 }`. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** A local directory that exists, such as one on a small disk; by default a new one, removed at the end. */
  readonly localPath?: string;
}

/** The directories and the configuration of one appliance. */
export interface AppliancePlace {
  readonly localPath: string;
  readonly mountPoint: string;
  readonly configFile: string;
  /** Unmounts whatever is left on the mount point, then removes all of it. */
  remove(): Promise<void>;
  /** The unmounting alone, without waiting, for the end of the test process. */
  unmountNow(): void;
}

export async function appliancePlace(options: AppliancePlaceOptions): Promise<AppliancePlace> {
  const temp = await tempDirectory('appliance');
  const localPath = options.localPath ?? join(temp.path, 'local');
  const mountPoint = join(temp.path, 'mount');
  await mkdir(localPath, { recursive: true });
  await mkdir(mountPoint);
  const configFile = await writeConfigurationFile(temp.path, {
    localPath,
    mountPoint,
    mirrors: options.mirrors,
    listen: `127.0.0.1:${await freePort()}`,
    ...(options.configuration && { more: options.configuration }),
  });
  return {
    localPath,
    mountPoint,
    configFile,
    remove: async () => {
      await unmountAll(mountPoint);
      await temp.remove();
    },
    unmountNow: () => void spawnSync('umount', ['-l', mountPoint], { timeout: 5000, killSignal: 'SIGKILL' }),
  };
}

/** Removing files through a mount that is still there would remove them from every replica: this comes first, or fails. */
async function unmountAll(mountPoint: string): Promise<void> {
  while (await mountedAt(mountPoint)) await unmountLazily(mountPoint);
}
