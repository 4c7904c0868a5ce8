import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { useConnection, useOverview } from '../api/feed-context.ts';
import { OwnScopeContext, useOwnScope } from '../api/who.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { Loading } from './loading.tsx';
import { PageHeader } from './page-header.tsx';
import { PageNavigation } from './page-navigation.tsx';
import classes from './shell.module.css';

/** What all pages share: header, navigation, and the banner. A page begins when the overview is known. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const { data: live, failureReason, refetch } = useOverview();
  const connection = useConnection();
  const main = useRef<HTMLElement>(null);
  useFocusOnArrival(main);
  return (
    <OwnScopeContext value={useOwnScope()}>
      <button type="button" className={classes['skip']} onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <PageHeader overview={live?.overview} />
      <PageNavigation attention={live?.overview.attention.length ?? 0} />
      {live && <ConnectionBanner connection={connection} />}
      <main className={classes['main']} ref={main} tabIndex={-1}>
        {live ? children : <Loading failure={failureReason} onRetry={() => void refetch()} />}
      </main>
    </OwnScopeContext>
  );
}

/** Whoever doesn't see that another page has come goes on reading at its beginning. */
function useFocusOnArrival(place: React.RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    place.current?.focus({ preventScroll: true });
  }, [pathname, place]);
}
