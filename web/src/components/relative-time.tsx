import type { ReactNode } from 'react';
import { useNowMs } from '../api/feed-context.ts';
import { formatExact, formatRelative } from '../format/quantities.ts';

/** How long ago, with the exact time on hover. */
export function RelativeTime({ at }: { readonly at: string }): ReactNode {
  const nowMs = useNowMs();
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={formatExact(atMs)}>
      {formatRelative(atMs, nowMs)}
    </time>
  );
}
