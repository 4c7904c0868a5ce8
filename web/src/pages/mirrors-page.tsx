import { Group, Switch, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useCallback, useDeferredValue, useState } from 'react';
import { useOverview } from '../api/feed-context.ts';
import { isWell } from '../api/mirrors.ts';
import { MirrorBulk } from '../components/mirror-bulk.tsx';
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
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const select = useCallback(
    (ids: readonly string[], wanted: boolean) =>
      setSelected(
        (before) => new Set([...before].filter((id) => !ids.includes(id)).concat(wanted ? ids : [])),
      ),
    [],
  );
  const wanted = text.trim().toLowerCase();
  const shown = mirrors
    .filter(({ id, host }) => `${id} ${host}`.toLowerCase().includes(wanted))
    .filter((mirror) => !troubled || !isWell(mirror));
  // What isn't shown is not done anything with.
  const chosen = shown.filter(({ id }) => selected.has(id));
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
          <Group align="end" gap="lg">
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
              mb={8}
            />
          </Group>
        )}
        {mirrors.length > 1 && <MirrorBulk mirrors={mirrors} selected={chosen} />}
        {mirrors.length === 0 && <Empty>There is no mirror: changes are kept here only.</Empty>}
        {mirrors.length > 0 && shown.length === 0 && <Empty>No mirror is like that.</Empty>}
        {shown.length > 0 && <MirrorTable mirrors={shown} selected={selected} onSelect={select} />}
      </Section>
    </Page>
  );
}
