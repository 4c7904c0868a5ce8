import { Switch, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { useOverview } from '../api/feed-context.ts';
import { isWell } from '../api/mirrors.ts';
import { MirrorTable } from '../components/mirror-table.tsx';
import { Page } from '../components/page.tsx';
import { Empty, Section } from '../components/section.tsx';
import { formatCount } from '../format/quantities.ts';

/** The most mirrors that need no filter to be overlooked. */
const FEW = 5;

/** All mirrors, one in a row. */
export function MirrorsPage(): ReactNode {
  const mirrors = useDeferredValue(useOverview().data, undefined)?.overview.mirrors ?? [];
  const [text, setText] = useState('');
  const [troubled, setTroubled] = useState(false);
  const wanted = text.trim().toLowerCase();
  const shown = mirrors
    .filter(({ id, host }) => `${id} ${host}`.toLowerCase().includes(wanted))
    .filter((mirror) => !troubled || !isWell(mirror));
  const note = `${formatCount(mirrors.length, 'mirror')}, ${mirrors.filter(isWell).length} connected and in sync`;
  return (
    <Page
      tabTitle="Mirrors"
      heading="Mirrors"
      actions={<Link to="/mirrors/new">Add a mirror</Link>}
      testId="mirrors-page"
    >
      <Section title="All mirrors" testId="mirror-table" note={note}>
        {mirrors.length > FEW && (
          <>
            <TextInput
              label="Name or host"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              maw={320}
            />
            <Switch
              label="Only those that need a look"
              checked={troubled}
              onChange={(event) => setTroubled(event.currentTarget.checked)}
            />
          </>
        )}
        {mirrors.length === 0 && <Empty>There is no mirror: changes are kept here only.</Empty>}
        {mirrors.length > 0 && shown.length === 0 && <Empty>No mirror is like that.</Empty>}
        {shown.length > 0 && <MirrorTable mirrors={shown} />}
      </Section>
    </Page>
  );
}
