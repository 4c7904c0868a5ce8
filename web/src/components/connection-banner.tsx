import { Button } from '@mantine/core';
import { CloudOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Connection } from '../api/connection.ts';
import { escapeText } from '../format/escape.ts';
import classes from './connection-banner.module.css';
import { RelativeTime } from './relative-time.tsx';

/** Says that what is shown has gone old, and since when. */
export function ConnectionBanner({ connection }: { readonly connection: Connection }): ReactNode {
  return (
    <div role="alert" className={classes['place']} data-testid="connection-banner">
      {connection.state === 'lost' && (
        <div className={classes['banner']} data-tone="bad">
          <CloudOff size={18} aria-hidden className={classes['icon']} />
          <div className={classes['words']}>
            <strong>The connection to the server is lost.</strong> What you see is as it was{' '}
            <RelativeTime at={new Date(connection.sinceMs).toISOString()} />. Changes are disabled. Trying
            again… <span className={classes['cause']}>({escapeText(connection.cause).slice(0, 120)})</span>
          </div>
          <Button
            size="compact-sm"
            variant="default"
            className={classes['reload']}
            onClick={() => location.reload()}
          >
            Reload
          </Button>
        </div>
      )}
    </div>
  );
}
