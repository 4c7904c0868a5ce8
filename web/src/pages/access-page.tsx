import type { ReactNode } from 'react';
import { useScopeRefusal } from '../api/who.ts';
import { Page } from '../components/page.tsx';
import { PasswordSection } from '../components/password-section.tsx';
import { Empty } from '../components/section.tsx';
import { SessionSection } from '../components/session-section.tsx';
import { TokenSection } from '../components/token-section.tsx';
import { WebhookSection } from '../components/webhook-section.tsx';

/** Who may come in, who is in, and who is told what happens. */
export function AccessPage(): ReactNode {
  const refusal = useScopeRefusal('admin');
  return (
    <Page tabTitle="Access" heading="Access" testId="access-page">
      {refusal === undefined ? (
        <>
          <TokenSection />
          <WebhookSection />
          <SessionSection />
          <PasswordSection />
        </>
      ) : (
        <Empty>{refusal}.</Empty>
      )}
    </Page>
  );
}
