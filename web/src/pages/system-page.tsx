import { Button, Group } from '@mantine/core';
import { CircleCheck, Download, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SystemView } from '../../../shared/system.ts';
import { API_PREFIX } from '../../../shared/api.ts';
import { serverAddress } from '../api/http.ts';
import { useSystem } from '../api/records.ts';
import { useScopeRefusal } from '../api/who.ts';
import { Chip } from '../components/chip.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import type { Look } from '../components/looks.ts';
import { Page } from '../components/page.tsx';
import { QueryState } from '../components/query-state.tsx';
import { HowLong } from '../components/relative-time.tsx';
import { SafeText } from '../components/safe-text.tsx';
import { Empty, Section } from '../components/section.tsx';
import { formatBytes, formatMilliseconds } from '../format/quantities.ts';

const FINE: Look = { label: 'fine', tone: 'good', icon: CircleCheck };
const NOT_FINE: Look = { label: 'not fine', tone: 'bad', icon: TriangleAlert };

/** How the process is, what it keeps, and all of it for somebody who helps. */
export function SystemPage(): ReactNode {
  const system = useSystem();
  return (
    <Page tabTitle="System" heading="System" testId="system-page" actions={<Actions />}>
      <QueryState query={system}>{(view) => <SystemSections view={view} />}</QueryState>
    </Page>
  );
}

function Actions(): ReactNode {
  return (
    <Group gap="xs">
      <Button component="a" variant="default" size="xs" href={serverAddress('/api/docs').href}>
        The API to read
      </Button>
      <Diagnostics />
    </Group>
  );
}

function Diagnostics(): ReactNode {
  const refusal = useScopeRefusal('admin');
  if (refusal !== undefined) return null;
  return (
    <Button
      component="a"
      variant="default"
      size="xs"
      href={serverAddress(`${API_PREFIX}/diagnostics`).href}
      download="proxyfs-diagnostics.json"
      leftSection={<Download size={14} aria-hidden />}
    >
      Download diagnostics
    </Button>
  );
}

function SystemSections({ view }: { readonly view: SystemView }): ReactNode {
  return (
    <>
      <Checks readiness={view.readiness} />
      <Process view={view} />
      <Machine view={view} />
      <Kept state={view.state} />
    </>
  );
}

function Checks({ readiness }: Pick<SystemView, 'readiness'>): ReactNode {
  return (
    <Section title="Checks" testId="checks" note={readiness.ready ? 'ready for work' : 'not ready'}>
      <Facts>
        {readiness.checks.map(({ name, ok, detail }) => (
          <Fact key={name} name={name}>
            <Chip look={ok ? FINE : NOT_FINE} /> <SafeText what={name}>{detail}</SafeText>
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

function Process({ view }: { readonly view: SystemView }): ReactNode {
  const { memory, loopLagMs } = view;
  return (
    <Section title="Process" testId="process">
      <Facts>
        <Fact name="Proxyfs">{view.version}</Fact>
        <Fact name="Node">{view.node}</Fact>
        <Fact name="Runs for">
          <HowLong since={view.startedAt} />
        </Fact>
        <Fact name="Process id">{view.pid}</Fact>
        <Fact name="Memory">{formatBytes(memory.residentBytes)}</Fact>
        <Fact name="Event loop lag, p50">{formatMilliseconds(loopLagMs.p50)}</Fact>
        <Fact name="Event loop lag, p99">{formatMilliseconds(loopLagMs.p99)}</Fact>
        <Fact name="Event loop lag at most">{formatMilliseconds(loopLagMs.max)}</Fact>
      </Facts>
    </Section>
  );
}

function Machine({ view }: { readonly view: SystemView }): ReactNode {
  const { memory, mount } = view;
  return (
    <Section title="Machine and mount" testId="machine">
      <Facts>
        <Fact name="System">{`${view.platform}, kernel ${view.kernel}`}</Fact>
        <Fact name="Processors">{view.processors}</Fact>
        <Fact name="Free memory">{formatBytes(memory.machineFreeBytes)}</Fact>
        <Fact name="Mount point">
          <SafeText what="mount point">{mount.point}</SafeText>
        </Fact>
        <Fact name="Driver">{`${mount.driver}: ${mount.driverReason}`}</Fact>
      </Facts>
    </Section>
  );
}

function Kept({ state }: Pick<SystemView, 'state'>): ReactNode {
  return (
    <Section title="Kept in the state directory" testId="kept">
      {state.length === 0 && <Empty>Nothing is kept there yet.</Empty>}
      {state.length > 0 && (
        <Facts>
          {state.map(({ name, bytes }) => (
            <Fact key={name} name={name}>
              {formatBytes(bytes)}
            </Fact>
          ))}
        </Facts>
      )}
    </Section>
  );
}
