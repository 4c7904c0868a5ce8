import type { ReactNode } from 'react';
import { useAtNow } from '../api/feed-context.ts';
import { formatDuration, formatExact, formatRelative } from '../format/quantities.ts';

/** How long ago, with the exact time on hover. */
export function RelativeTime({ at }: { readonly at: string }): ReactNode {
  const atMs = Date.parse(at);
  const ago = useAtNow((nowMs) => formatRelative(atMs, nowMs));
  return (
    <time dateTime={at} title={formatExact(atMs)}>
      {ago}
    </time>
  );
}

/** How long it has been so, with the exact time of its beginning on hover. */
export function HowLong({ since }: { readonly since: string }): ReactNode {
  const sinceMs = Date.parse(since);
  const duration = useAtNow((nowMs) => formatDuration(nowMs - sinceMs));
  return (
    <time dateTime={since} title={`since ${formatExact(sinceMs)}`}>
      {duration}
    </time>
  );
}
