import { type AppError, asAppError } from '../base/errors.ts';
import type { Configuration, MirrorConfiguration } from '../config/configuration.ts';
import type { OwnGround } from '../mirror/ground.ts';
import { lacksOf } from '../mirror/guarantee.ts';
import { ownGround } from './own-ground.ts';
import { probeMirror } from './probe-mirror.ts';

/** What came of trying one mirror. */
export interface MirrorTrial {
  readonly name: string;
  /** Why it would not do; else the other two are there. */
  readonly failure?: AppError;
  readonly summary?: string;
  /** What is promised less for it. */
  readonly lacks?: readonly string[];
}

/** Logs in to each mirror, and looks whether it would do. */
export async function tryMirrors(configuration: Configuration): Promise<readonly MirrorTrial[]> {
  const own = await ownGround(configuration);
  return Promise.all(configuration.mirrors.map((mirror) => tryMirror(mirror, own, configuration.timeoutMs)));
}

/** Says of each mirror whether it would do. The answer is the exit code. */
export async function checkMirrors(
  configuration: Configuration,
  print: (line: string) => void,
): Promise<number> {
  const trials = await tryMirrors(configuration);
  for (const trial of trials) print(lineOf(trial));
  return trials.every(({ failure }) => failure === undefined) ? 0 : 1;
}

function lineOf({ name, failure, summary = '', lacks = [] }: MirrorTrial): string {
  if (failure) return `${name}: ${failure.code}: ${failure.message}`;
  const guarantee = lacks.length === 0 ? 'full guarantee' : `lesser guarantee: ${lacks.join('; ')}`;
  return `${name}: fine, ${summary}, ${guarantee}`;
}

async function tryMirror(
  config: MirrorConfiguration,
  own: OwnGround,
  timeoutMs: number,
): Promise<MirrorTrial> {
  const { name } = config;
  try {
    const { freeBytes, rttMs, capabilities } = await probeMirror(config, own, timeoutMs);
    const roundTrip = rttMs ? `, round trip ${rttMs.p50.toFixed(1)} ms` : '';
    const free = Number.isFinite(freeBytes)
      ? `${Math.round(freeBytes / 1024 ** 2)} MiB free`
      : 'free space unknown';
    return { name, summary: `${free}${roundTrip}`, lacks: lacksOf(capabilities) };
  } catch (thrown) {
    return { name, failure: asAppError(thrown) };
  }
}
