import type { Configuration } from '../config/configuration.ts';
import { localPath } from '../config/local-paths.ts';
import type { OwnGround } from '../mirror/ground.ts';

/** Where the directories of this machine really are. */
export async function ownGround(configuration: Configuration): Promise<OwnGround> {
  return {
    localPath: await localPath(configuration.localPath),
    mountPoint: await localPath(configuration.mountPoint),
  };
}
