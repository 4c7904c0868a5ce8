import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue } from 'react';
import { useOverview } from '../api/feed-context.ts';
import type { HistorySearch } from '../api/transactions.ts';
import { HistoryFilters } from '../components/history-filters.tsx';
import { HistoryList } from '../components/history-list.tsx';
import { InFlightList } from '../components/in-flight-list.tsx';
import { Page } from '../components/page.tsx';
import { Section } from '../components/section.tsx';
import { TransactionDrawer } from '../components/transaction-drawer.tsx';
import { formatNumber } from '../format/quantities.ts';

/** What is being carried out, and what was. The address says what is shown. */
export function TransactionsPage(): ReactNode {
  const overview = useDeferredValue(useOverview().data, undefined)?.overview;
  const { id, ...filter } = useSearch({ from: '/transactions' });
  const navigate = useNavigate({ from: '/transactions' });
  const change = (changed: HistorySearch) =>
    void navigate({ search: (before) => ({ ...before, ...changed }), replace: true, resetScroll: false });
  const outcomes = overview?.outcomes24h;
  return (
    <Page tabTitle="Transactions" heading="Transactions" testId="transactions-page">
      {overview && <InFlightList inFlight={overview.inFlight} />}
      <Section
        title="History"
        testId="history"
        note={
          outcomes &&
          `in the last 24 hours: ${formatNumber(outcomes.committed)} committed · ${formatNumber(outcomes.rolledBack)} rolled back`
        }
      >
        <HistoryFilters filter={filter} mirrors={overview?.mirrors ?? []} onChange={change} />
        <HistoryList filter={filter} onOpen={(opened) => change({ id: opened })} />
      </Section>
      <TransactionDrawer id={id} onClose={() => change({ id: undefined })} />
    </Page>
  );
}
