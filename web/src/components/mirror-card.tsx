import { memo, type ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { ERROR_CATALOGUE } from '../../../shared/error-codes.ts';
import { formatBytes, formatMilliseconds } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { CONTENT_LOOKS, LINK_LOOKS, type Look, SEVERITY_LOOKS, type Tone } from './looks.ts';
import { MirrorActions } from './mirror-actions.tsx';
import classes from './mirror-card.module.css';
import { Notice } from './notice.tsx';
import { HowLong, RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';

export interface MirrorCardProps {
  readonly mirror: MirrorView;
  /** How many other attached mirrors a write still has to reach. */
  readonly otherRequired: number;
}

/** Where the page scrolls to for this mirror. */
export function mirrorAnchor(id: string): string {
  return `mirror-${id}`;
}

/** All that is known of one mirror, and what can be done with it. */
export const MirrorCard = memo(({ mirror, otherRequired }: MirrorCardProps): ReactNode => {
  const titleId = `${mirrorAnchor(mirror.id)}-title`;
  return (
    <article
      id={mirrorAnchor(mirror.id)}
      className={classes['card']}
      aria-labelledby={titleId}
      data-testid="mirror-card"
      data-mirror={mirror.id}
    >
      <header className={classes['head']}>
        <h3 id={titleId} className={classes['name']}>
          <SafeText what="mirror's name" limitChars={60}>
            {mirror.id}
          </SafeText>
        </h3>
        <span className={classes['role']} title={ROLES[roleOf(mirror)].means}>
          {ROLES[roleOf(mirror)].label}
        </span>
        <div className={classes['address']}>
          <SafeText what="address" limitChars={90}>
            {`${mirror.host}:${mirror.port} ${mirror.path}`}
          </SafeText>
        </div>
      </header>
      <dl className={classes['states']}>
        <StateRow name="Link" look={LINK_LOOKS[mirror.link]} since={mirror.linkSince} />
        <StateRow name="Content" look={contentLook(mirror)} since={mirror.contentSince} />
      </dl>
      <MirrorReason mirror={mirror} />
      <MirrorLacks lacks={mirror.capabilities?.lacks ?? []} />
      <MirrorFigures mirror={mirror} />
      <MirrorActions mirror={mirror} otherRequired={otherRequired} />
    </article>
  );
});

const ROLES = {
  required: { label: 'required', means: 'A write succeeds only when this mirror has it too' },
  joining: { label: 'joining', means: 'Required as soon as it has all content; writes go on until then' },
  optional: { label: 'optional', means: 'Writes go on without this mirror; it catches up later' },
};

function roleOf({ required, joining }: MirrorView): keyof typeof ROLES {
  if (!required) return 'optional';
  return joining ? 'joining' : 'required';
}

/** What was in sync when the mirror was last heard may not be so any more. */
function contentLook(mirror: MirrorView): Look {
  const look = CONTENT_LOOKS[mirror.content];
  if (mirror.content !== 'in-sync' || mirror.link === 'up') return look;
  return { ...look, label: 'In sync when last heard', tone: 'idle' };
}

function StateRow({ name, look, since }: { name: string; look: Look; since: string }): ReactNode {
  return (
    <div className={classes['state']} data-testid={`mirror-${name.toLowerCase()}`}>
      <dt>{name}</dt>
      <dd>
        <Chip look={look} />
        <span className={classes['since']}>
          for <HowLong since={since} />
        </span>
      </dd>
    </div>
  );
}

function MirrorReason({ mirror }: { mirror: MirrorView }): ReactNode {
  if (!mirror.reason) return null;
  const row = ERROR_CATALOGUE[mirror.reason.code];
  const tone: Tone = mirror.detached ? 'idle' : row.actor === 'operator' ? 'bad' : 'warn';
  return (
    <Notice tone={tone} icon={SEVERITY_LOOKS.warning.icon} title={row.title} testId="mirror-reason">
      <SafeText what="reason" limitChars={220}>
        {mirror.reason.message}
      </SafeText>
    </Notice>
  );
}

function MirrorLacks({ lacks }: { lacks: readonly string[] }): ReactNode {
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

function MirrorFigures({ mirror }: { mirror: MirrorView }): ReactNode {
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
        <span data-testid="mirror-stale-paths">{mirror.stalePaths.toLocaleString('en-US')}</span>
      </Figure>
      <Figure name="Free space">{freeBytes === null ? 'not known' : formatBytes(freeBytes)}</Figure>
      <Figure name="Last answer">{lastOkAt === null ? 'never' : <RelativeTime at={lastOkAt} />}</Figure>
    </dl>
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
