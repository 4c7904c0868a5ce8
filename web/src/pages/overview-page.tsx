import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { Connection } from '../api/connection.ts';
import { useConnection, useOverview } from '../api/feed-context.ts';
import type { Live } from '../api/fold-events.ts';
import { AttentionList } from '../components/attention-list.tsx';
import { ConnectionBanner } from '../components/connection-banner.tsx';
import { InFlightList } from '../components/in-flight-list.tsx';
import { Loading } from '../components/loading.tsx';
import { MODE_LOOKS } from '../components/looks.ts';
import { MirrorList } from '../components/mirror-list.tsx';
import { PageHeader } from '../components/page-header.tsx';
import { RecentList } from '../components/recent-list.tsx';
import { StateSentence } from '../components/state-sentence.tsx';
import classes from './overview-page.module.css';

/** The first page: how things are, what needs somebody, what is going on. */
export function OverviewPage(): ReactNode {
  const { data: live, failureReason, refetch } = useOverview();
  const connection = useConnection();
  useDocumentTitle(pageTitle(live, connection));
  return (
    <>
      <PageHeader overview={live?.overview} />
      {live && <ConnectionBanner connection={connection} />}
      <main className={classes['page']}>
        {live ? (
          <LiveSections live={live} old={connection.state === 'lost'} />
        ) : (
          <Loading failure={failureReason} onRetry={() => void refetch()} />
        )}
      </main>
    </>
  );
}

/** What a reader of the tab alone should know. */
function pageTitle(live: Live | undefined, connection: Connection): string {
  if (connection.state === 'lost') return 'No connection · Proxyfs';
  if (!live) return 'Proxyfs';
  const { mode, attention } = live.overview;
  const count = attention.length === 0 ? '' : `(${attention.length}) `;
  return `${count}${MODE_LOOKS[mode].label} · Proxyfs`;
}

function LiveSections({ live, old }: { readonly live: Live; readonly old: boolean }): ReactNode {
  const { overview, unlisted } = live;
  return (
    <div className={classes['sections']} data-old={old || undefined} data-testid="overview">
      <StateSentence overview={overview} />
      <AttentionList overview={overview} />
      <MirrorList mirrors={overview.mirrors} />
      <InFlightList inFlight={overview.inFlight} />
      <RecentList recent={overview.recent} counters={overview.counters} unlisted={unlisted} />
    </div>
  );
}
