import type { MirrorTrial } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { TrialStep } from '../../shared/states.ts';
import { type AppError, asAppError } from '../base/errors.ts';
import { lacksOf } from '../mirror/guarantee.ts';
import type { MirrorProbe } from './probe-mirror.ts';
import { reasonOf } from './views.ts';

/** Everything else is about the directory there. */
const STEPS: Partial<Record<ErrorCode, TrialStep>> = {
  MIRROR_UNREACHABLE: 'address',
  MIRROR_TIMEOUT: 'address',
  HOST_KEY_UNKNOWN: 'hostKey',
  HOST_KEY_CHANGED: 'hostKey',
  LOGIN_REFUSED: 'login',
};

/** What came of a probe, or of a look at the host key alone, as an operator is told it. */
export async function mirrorTrial(probing: Promise<MirrorProbe | void>): Promise<MirrorTrial> {
  try {
    const probe = await probing;
    if (!probe) return NOTHING;
    const { freeBytes, rttMs, capabilities } = probe;
    return {
      ...NOTHING,
      freeBytes: Number.isFinite(freeBytes) ? freeBytes : null,
      rttMs: rttMs ?? null,
      lacks: [...lacksOf(capabilities)],
    };
  } catch (thrown) {
    const error = asAppError(thrown);
    const failure = { ...reasonOf(error), step: STEPS[error.code] ?? 'path' };
    return { ...NOTHING, failure, hostKey: shownKey(error) };
  }
}

const NOTHING: MirrorTrial = { failure: null, hostKey: null, freeBytes: null, rttMs: null, lacks: [] };

function shownKey({ details }: AppError): MirrorTrial['hostKey'] {
  const { keyType, fingerprint, expected } = details;
  if (typeof keyType !== 'string' || typeof fingerprint !== 'string') return null;
  return { keyType, fingerprint, expected: typeof expected === 'string' ? expected : null };
}
