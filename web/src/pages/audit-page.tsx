import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { type AuditFilter, useAudit } from '../api/records.ts';
import { useScopeRefusal } from '../api/who.ts';
import { AuditFilters } from '../components/audit-filters.tsx';
import { AuditTable } from '../components/audit-table.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { Loading } from '../components/loading.tsx';
import { Page } from '../components/page.tsx';
import { Empty, Section } from '../components/section.tsx';

/** Who changed what, and who was refused it. */
export function AuditPage(): ReactNode {
  const refusal = useScopeRefusal('admin');
  return (
    <Page tabTitle="Audit" heading="Audit" testId="audit-page">
      {refusal === undefined ? <AuditSection /> : <Empty>{refusal}.</Empty>}
    </Page>
  );
}

function AuditSection(): ReactNode {
  const [filter, setFilter] = useState<AuditFilter>({});
  const audit = useAudit(filter);
  const items = audit.data?.pages.flatMap((page) => page.items);
  if (!items) return <Loading failure={audit.failureReason} onRetry={() => void audit.refetch()} />;
  return (
    <Section
      title="Changes through the control plane"
      testId="audit"
      note="What programs change in the mount is the history’s, under Transactions"
    >
      <AuditFilters filter={filter} onChange={(change) => setFilter({ ...filter, ...change })} />
      <FailureNotice what="load the audit" failure={audit.error} />
      {items.length === 0 ? (
        <Empty>
          {filter.contains === undefined && filter.result === undefined
            ? 'Nobody has changed anything yet.'
            : 'Nothing here is like that.'}
        </Empty>
      ) : (
        <AuditTable entries={items} />
      )}
      {audit.hasNextPage && (
        <Button
          variant="default"
          loading={audit.isFetchingNextPage}
          onClick={() => void audit.fetchNextPage()}
        >
          Look further back
        </Button>
      )}
    </Section>
  );
}
