import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { MirrorWizard } from '../components/mirror-wizard.tsx';
import { Page } from '../components/page.tsx';

/** Adds a mirror. */
export function NewMirrorPage(): ReactNode {
  return (
    <Page
      tabTitle="Add a mirror"
      heading="Add a mirror"
      actions={<Link to="/mirrors">All mirrors</Link>}
      testId="new-mirror-page"
    >
      <MirrorWizard />
    </Page>
  );
}
