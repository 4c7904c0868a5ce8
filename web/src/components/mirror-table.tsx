import { Link } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatBytes, formatMilliseconds, formatNumber } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import { LINK_LOOKS } from './looks.ts';
import { contentLook, roleOf } from './mirror-looks.ts';
import classes from './mirror-table.module.css';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';

/** Mirrors with the figures that are worth comparing. Narrow screens get the states only. */
export function MirrorTable({ mirrors }: { readonly mirrors: readonly MirrorView[] }): ReactNode {
  return (
    <table className={classes['table']}>
      <thead>
        <tr>
          <th scope="col">Mirror</th>
          <th scope="col">Link</th>
          <th scope="col">Content</th>
          <th scope="col" className={classes['middle']}>
            Stale paths
          </th>
          <th scope="col" className={classes['wide']}>
            Round trip p95
          </th>
          <th scope="col" className={classes['wide']}>
            Free space
          </th>
          <th scope="col" className={classes['wide']}>
            Last scrub
          </th>
        </tr>
      </thead>
      <tbody>
        {mirrors.map((mirror) => (
          <MirrorRow key={mirror.id} mirror={mirror} />
        ))}
      </tbody>
    </table>
  );
}

const MirrorRow = memo(({ mirror }: { readonly mirror: MirrorView }): ReactNode => {
  const { rttMs, freeBytes, lastScrubAt, stalePaths } = mirror;
  return (
    <tr data-testid="mirror-row" data-mirror={mirror.id}>
      <th scope="row">
        <Link to="/mirrors/$id" params={{ id: mirror.id }}>
          {capMiddle(escapeText(mirror.id), 40).text}
        </Link>
        <div className={classes['address']}>
          <SafeText what="address" limitChars={60}>
            {mirror.host}
          </SafeText>{' '}
          · {roleOf(mirror).label}
        </div>
      </th>
      <td>
        <Chip look={LINK_LOOKS[mirror.link]} />
      </td>
      <td>
        <Chip look={contentLook(mirror)} />
      </td>
      <td className={classes['middle']}>{formatNumber(stalePaths)}</td>
      <td className={classes['wide']}>{rttMs ? formatMilliseconds(rttMs.p95) : 'not measured'}</td>
      <td className={classes['wide']}>{freeBytes === null ? 'not known' : formatBytes(freeBytes)}</td>
      <td className={classes['wide']}>
        {lastScrubAt === null ? 'never' : <RelativeTime at={lastScrubAt} />}
      </td>
    </tr>
  );
});
