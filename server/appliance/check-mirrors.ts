import { asAppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import type { Configuration, MirrorConfiguration } from '../config/configuration.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { OwnGround } from '../mirror/ground.ts';
import { lacksOf } from '../mirror/guarantee.ts';
import { Mirror } from '../mirror/mirror.ts';
import { ownGround } from './own-ground.ts';
import { refuseLocalReplica } from './replica-identity.ts';

/** Logs in to every mirror and looks whether it would do, leaving at most an empty .proxyfs there. The answer is the exit code. */
export async function checkMirrors(
  configuration: Configuration,
  print: (line: string) => void,
): Promise<number> {
  const own = await ownGround(configuration);
  const results = await Promise.all(
    configuration.mirrors.map((mirror) => checkMirror(mirror, own, configuration.timeoutMs)),
  );
  for (const { line } of results) print(line);
  return results.every(({ ok }) => ok) ? 0 : 1;
}

async function checkMirror(
  config: MirrorConfiguration,
  own: OwnGround,
  timeoutMs: number,
): Promise<{ ok: boolean; line: string }> {
  const admit = () => refuseLocalReplica(config.name, mirror.tree);
  const mirror: Mirror = new Mirror({ config, own, timeoutMs, logger: silentLogger, admit });
  mirror.start();
  try {
    await mirror.connected();
    const stat = await mirror.tree.stat(ROOT);
    if (stat?.type !== 'directory')
      return { ok: false, line: `${config.name}: ${config.path} is not a directory there` };
    const { freeBytes, readOnly } = await mirror.tree.space();
    if (readOnly) return { ok: false, line: `${config.name}: its file system is read-only` };
    const { rttMs, capabilities } = mirror.link;
    if (!capabilities?.writable)
      return { ok: false, line: `${config.name}: nothing can be written to ${config.path} by this login` };
    const roundTrip = rttMs ? `, round trip ${rttMs.p50.toFixed(1)} ms` : '';
    const free = Number.isFinite(freeBytes)
      ? `${Math.round(freeBytes / 1024 ** 2)} MiB free`
      : 'free space unknown';
    const lacks = lacksOf(capabilities);
    const guarantee = lacks.length === 0 ? 'full guarantee' : `lesser guarantee: ${lacks.join('; ')}`;
    return { ok: true, line: `${config.name}: fine, ${free}${roundTrip}, ${guarantee}` };
  } catch (thrown) {
    const error = asAppError(thrown);
    return { ok: false, line: `${config.name}: ${error.code}: ${error.message}` };
  } finally {
    await mirror.stop();
  }
}
