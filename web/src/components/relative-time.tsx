import type { ReactNode } from 'react';
import { useNowMs } from '../api/feed-context.ts';
import { formatDuration, formatExact, formatRelative } from '../format/quantities.ts';

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

/** How long it has been so, with the exact time of its beginning on hover. */
export function HowLong({ since }: { readonly since: string }): ReactNode {
  const nowMs = useNowMs();
  const sinceMs = Date.parse(since);
  return (
    <time dateTime={since} title={`since ${formatExact(sinceMs)}`}>
      {formatDuration(nowMs - sinceMs)}
    </time>
  );
}
