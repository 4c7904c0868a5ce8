import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useAudit } from '../api/records.ts';
import { useScopeRefusal } from '../api/who.ts';
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
  const audit = useAudit();
  const items = audit.data?.pages.flatMap((page) => page.items);
  if (!items) return <Loading failure={audit.failureReason} onRetry={() => void audit.refetch()} />;
  return (
    <Section
      title="Changes through the control plane"
      testId="audit"
      note="What programs change in the mount is the history’s, under Transactions"
    >
      <FailureNotice what="load the audit" failure={audit.error} />
      {items.length === 0 ? <Empty>Nobody has changed anything yet.</Empty> : <AuditTable entries={items} />}
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
