import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useId } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { LINK_LOOKS } from './looks.ts';
import { MirrorActions } from './mirror-actions.tsx';
import classes from './mirror-card.module.css';
import { MirrorHeartbeat } from './mirror-heartbeat.tsx';
import { contentLook, roleOf } from './mirror-looks.ts';
import { MirrorFigures, MirrorLacks, MirrorReason, StateRow } from './mirror-parts.tsx';
import { SafeText } from './safe-text.tsx';

export interface MirrorCardProps {
  readonly mirror: MirrorView;
  /** How many other attached mirrors a write still has to reach. */
  readonly otherRequired: number;
  /** Whether its name leads to its page, which shows more of its past and has its scrubs. */
  readonly linked?: boolean;
}

/** All that is known of one mirror, and what can be done with it. */
export const MirrorCard = memo(({ mirror, otherRequired, linked = true }: MirrorCardProps): ReactNode => {
  const titleId = useId();
  return (
    <article
      className={classes['card']}
      aria-labelledby={titleId}
      data-testid="mirror-card"
      data-mirror={mirror.id}
    >
      <header className={classes['head']}>
        <h3 id={titleId} className={classes['name']}>
          {linked ? (
            <Link to="/mirrors/$id" params={{ id: mirror.id }}>
              {capMiddle(escapeText(mirror.id), 60).text}
            </Link>
          ) : (
            <SafeText what="mirror's name" limitChars={60}>
              {mirror.id}
            </SafeText>
          )}
        </h3>
        <span className={classes['role']} title={roleOf(mirror).means}>
          {roleOf(mirror).label}
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
      {linked && <MirrorHeartbeat id={mirror.id} />}
      <MirrorActions mirror={mirror} otherRequired={otherRequired} scrubs={linked} />
    </article>
  );
});
