import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Page } from '../components/page.tsx';

/** For an address that leads nowhere. */
export function NotFoundPage(): ReactNode {
  return (
    <Page tabTitle="Not found" heading="There is no such page" testId="not-found">
      <p>
        <Link to="/">Go to the overview</Link>
      </p>
    </Page>
  );
}
