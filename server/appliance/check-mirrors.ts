import { asAppError } from '../base/errors.ts';
import type { Configuration, MirrorConfiguration } from '../config/configuration.ts';
import type { OwnGround } from '../mirror/ground.ts';
import { lacksOf } from '../mirror/guarantee.ts';
import { ownGround } from './own-ground.ts';
import { probeMirror } from './probe-mirror.ts';

/** Says of each mirror whether it would do. The answer is the exit code. */
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
  try {
    const { freeBytes, rttMs, capabilities } = await probeMirror(config, own, timeoutMs);
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
  }
}
