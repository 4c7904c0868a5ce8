import { Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useConnection } from '../api/feed-context.ts';
import classes from './page.module.css';

export interface PageProps {
  /** What a reader of the tab alone should know. */
  readonly tabTitle: string;
  /** The heading; a page without one has its own. */
  readonly heading?: ReactNode;
  /** Beside the heading, such as what can be begun here. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly testId: string;
}

/** What stands between the navigation and the end of a page. Old values look old; still readable, since they are all there is. */
export function Page({ tabTitle, heading, actions, children, testId }: PageProps): ReactNode {
  const isLost = useConnection().state === 'lost';
  useDocumentTitle(`${isLost ? 'No connection' : tabTitle} · Proxyfs`);
  return (
    <div className={classes['page']} data-old={isLost || undefined} data-testid={testId}>
      {heading !== undefined && (
        <div className={classes['head']}>
          <Title order={1} size="h3" className={classes['heading']}>
            {heading}
          </Title>
          {actions}
        </div>
      )}
      {children}
    </div>
  );
}
