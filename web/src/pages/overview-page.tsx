import { memo, type ReactNode, useDeferredValue } from 'react';
import { useOverview } from '../api/feed-context.ts';
import type { Live } from '../api/fold-events.ts';
import { AttentionList } from '../components/attention-list.tsx';
import { InFlightList } from '../components/in-flight-list.tsx';
import { MODE_LOOKS } from '../components/looks.ts';
import { MirrorList } from '../components/mirror-list.tsx';
import { Page } from '../components/page.tsx';
import { RecentList } from '../components/recent-list.tsx';
import { StateSentence } from '../components/state-sentence.tsx';

/** The first page: how things are, what needs somebody, what is going on. */
export function OverviewPage(): ReactNode {
  // In pieces, between which the page answers to clicks and keys, however many mirrors and transactions there are.
  const live = useDeferredValue(useOverview().data, undefined);
  return live && <Parts live={live} />;
}

const Parts = memo(({ live: { overview, unlisted } }: { readonly live: Live }): ReactNode => {
  const { mode, attention } = overview;
  const count = attention.length === 0 ? '' : `(${attention.length}) `;
  return (
    <Page tabTitle={`${count}${MODE_LOOKS[mode].label}`} testId="overview">
      <StateSentence overview={overview} />
      <AttentionList overview={overview} />
      <MirrorList mirrors={overview.mirrors} />
      <InFlightList inFlight={overview.inFlight} />
      <RecentList
        recent={overview.recent}
        counters={overview.counters}
        outcomes24h={overview.outcomes24h}
        unlisted={unlisted}
      />
    </Page>
  );
});
