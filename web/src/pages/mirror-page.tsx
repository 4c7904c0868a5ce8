import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { isCountedOn } from '../api/counted-on.ts';
import { useOverview } from '../api/feed-context.ts';
import { MirrorCard } from '../components/mirror-card.tsx';
import { MirrorGuarantee } from '../components/mirror-guarantee.tsx';
import { MirrorHistory } from '../components/mirror-history.tsx';
import { MirrorJobs } from '../components/mirror-jobs.tsx';
import { MirrorRemoval } from '../components/mirror-removal.tsx';
import { Page } from '../components/page.tsx';
import { Empty, Section } from '../components/section.tsx';
import { capMiddle, escapeText } from '../format/escape.ts';

/** One mirror: how it is and was, what it promises, and what can be done with it. */
export function MirrorPage(): ReactNode {
  const { id } = useParams({ from: '/mirrors/$id' });
  const mirrors = useOverview().data?.overview.mirrors ?? [];
  const mirror = mirrors.find((each) => each.id === id);
  const name = capMiddle(escapeText(id), 60).text;
  const others = mirrors.filter((each) => each.id !== id && isCountedOn(each)).length;
  return (
    <Page
      tabTitle={name}
      heading={name}
      actions={<Link to="/mirrors">All mirrors</Link>}
      testId="mirror-page"
    >
      {mirror ? (
        <>
          <Section title="Now" testId="mirror-now">
            <MirrorCard mirror={mirror} otherRequired={others} linked={false} />
          </Section>
          <MirrorHistory id={id} />
          <MirrorJobs mirror={mirror} />
          <MirrorGuarantee mirror={mirror} />
          <MirrorRemoval mirror={mirror} otherRequired={others} />
        </>
      ) : (
        <Empty>There is no mirror of this name.</Empty>
      )}
    </Page>
  );
}
