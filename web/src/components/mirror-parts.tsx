import { memo, type ReactNode, useState } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { ERROR_CATALOGUE } from '../../../shared/error-codes.ts';
import { useAtNow } from '../api/feed-context.ts';
import { timeLeftMs } from '../api/time-left.ts';
import { formatBytes, formatDuration, formatMilliseconds, formatNumber } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { type Look, SEVERITY_LOOKS, type Tone } from './looks.ts';
import classes from './mirror-card.module.css';
import { Notice } from './notice.tsx';
import { HowLong, RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';

/** One of a mirror's two states, and for how long. */
export const StateRow = memo(
  ({ name, look, since }: { name: string; look: Look; since: string }): ReactNode => (
    <div className={classes['state']} data-testid={`mirror-${name.toLowerCase()}`}>
      <dt>{name}</dt>
      <dd>
        <Chip look={look} />
        <span className={classes['since']}>
          for <HowLong since={since} />
        </span>
      </dd>
    </div>
  ),
);

/** Both fingerprints of a changed host key are in it, and are to be compared at a look. */
const REASON_CHARS = 400;

/** Why it is as it is, and who has to act. */
export function MirrorReason({ mirror }: { mirror: MirrorView }): ReactNode {
  if (!mirror.reason) return null;
  const row = ERROR_CATALOGUE[mirror.reason.code];
  const tone: Tone = mirror.detached ? 'idle' : row.actor === 'operator' ? 'bad' : 'warn';
  return (
    <Notice tone={tone} icon={SEVERITY_LOOKS.warning.icon} title={row.title} testId="mirror-reason">
      <SafeText what="reason" limitChars={REASON_CHARS}>
        {mirror.reason.message}
      </SafeText>
    </Notice>
  );
}

/** What is promised less for it. */
export function MirrorLacks({ lacks }: { lacks: readonly string[] }): ReactNode {
  if (lacks.length === 0) return null;
  return (
    <p className={classes['lacks']} data-testid="mirror-lacks">
      Lesser guarantee:{' '}
      <SafeText what="guarantee" limitChars={220}>
        {lacks.join('; ')}
      </SafeText>
    </p>
  );
}

/** Round trip, stale paths, free space, last answer. */
export function MirrorFigures({ mirror }: { mirror: MirrorView }): ReactNode {
  const { rttMs, freeBytes, lastOkAt } = mirror;
  return (
    <dl className={classes['figures']}>
      <Figure name="Round trip">
        {rttMs ? (
          <>
            <small title="Half of the last minutes' round trips were faster">p50</small>{' '}
            {formatMilliseconds(rttMs.p50)}
            <br />
            <small title="95 of 100 were faster">p95</small> {formatMilliseconds(rttMs.p95)}
          </>
        ) : (
          'not measured'
        )}
      </Figure>
      <Figure name="Stale paths left">
        <span data-testid="mirror-stale-paths">{formatNumber(mirror.stalePaths)}</span>
        {mirror.content === 'resyncing' && <TimeLeft paths={mirror.stalePaths} />}
      </Figure>
      <Figure name="Free space">{freeBytes === null ? 'not known' : formatBytes(freeBytes)}</Figure>
      <Figure name="Last answer">{lastOkAt === null ? 'never' : <RelativeTime at={lastOkAt} />}</Figure>
    </dl>
  );
}

/** When nothing will be left, by how it went since this is shown; anew when there is more to do than before. */
function TimeLeft({ paths }: { readonly paths: number }): ReactNode {
  const now = { atMs: useAtNow((nowMs) => nowMs), paths };
  const [first, setFirst] = useState(now);
  if (paths > first.paths) setFirst(now);
  const leftMs = timeLeftMs(first, now);
  return (
    leftMs !== undefined && (
      <small data-testid="mirror-time-left">
        <br />
        about {formatDuration(leftMs)} left
      </small>
    )
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
