import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { OwnGround } from '../mirror/ground.ts';
import type { MirrorCapabilities } from '../mirror/link-state.ts';
import { Mirror } from '../mirror/mirror.ts';
import { refuseLocalReplica } from './replica-identity.ts';

export interface MirrorProbe {
  readonly freeBytes: number;
  readonly rttMs: Mirror['link']['rttMs'];
  readonly capabilities: MirrorCapabilities;
}

/**
 * Logs in to a mirror and looks whether it would do, leaving at most an empty .proxyfs there. Rejects with what is
 * in the way: host key, login, path, permission.
 */
export async function probeMirror(
  config: MirrorConfiguration,
  own: OwnGround,
  timeoutMs: number,
): Promise<MirrorProbe> {
  const admit = async (ground: Promise<void>) => {
    await Promise.all([ground, refuseLocalReplica(config.name, mirror.tree)]);
  };
  const mirror: Mirror = new Mirror({ config, own, timeoutMs, logger: silentLogger, admit });
  mirror.start();
  try {
    await mirror.connected();
    const stat = await mirror.tree.stat(ROOT);
    if (stat?.type !== 'directory')
      throw new AppError('MIRROR_UNSUITABLE', `${config.path} is not a directory there`);
    const { freeBytes, readOnly } = await mirror.tree.space();
    if (readOnly) throw new AppError('READ_ONLY', 'its file system is read-only');
    const { rttMs, capabilities } = mirror.link;
    if (!capabilities?.writable)
      throw new AppError('ACCESS_DENIED', `nothing can be written to ${config.path} by this login`);
    return { freeBytes, rttMs, capabilities };
  } finally {
    await mirror.stop();
  }
}
