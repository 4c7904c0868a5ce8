import { Checkbox } from '@mantine/core';
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

export interface MirrorTableProps {
  readonly mirrors: readonly MirrorView[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (ids: readonly string[], wanted: boolean) => void;
}

/** Mirrors with the figures that are worth comparing. Narrow screens get the states only. */
export function MirrorTable({ mirrors, selected, onSelect }: MirrorTableProps): ReactNode {
  const ids = mirrors.map(({ id }) => id);
  const chosen = ids.filter((id) => selected.has(id)).length;
  return (
    <table className={classes['table']}>
      <thead>
        <tr>
          <th scope="col" className={classes['choice']}>
            <Checkbox
              aria-label="Select all that are shown"
              checked={chosen === ids.length}
              indeterminate={chosen > 0 && chosen < ids.length}
              onChange={(event) => onSelect(ids, event.currentTarget.checked)}
            />
          </th>
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
          <MirrorRow
            key={mirror.id}
            mirror={mirror}
            isSelected={selected.has(mirror.id)}
            onSelect={onSelect}
          />
        ))}
      </tbody>
    </table>
  );
}

interface MirrorRowProps extends Pick<MirrorTableProps, 'onSelect'> {
  readonly mirror: MirrorView;
  readonly isSelected: boolean;
}

const MirrorRow = memo(({ mirror, isSelected, onSelect }: MirrorRowProps): ReactNode => {
  const { rttMs, freeBytes, lastScrubAt, stalePaths } = mirror;
  const name = capMiddle(escapeText(mirror.id), 40).text;
  return (
    <tr data-testid="mirror-row" data-mirror={mirror.id}>
      <td className={classes['choice']}>
        <Checkbox
          aria-label={`Select ${name}`}
          checked={isSelected}
          onChange={(event) => onSelect([mirror.id], event.currentTarget.checked)}
        />
      </td>
      <th scope="row">
        <Link to="/mirrors/$id" params={{ id: mirror.id }}>
          {name}
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
