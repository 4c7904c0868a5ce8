import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { historySearchSchema } from './api/transactions.ts';
import { Shell } from './components/shell.tsx';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { OverviewPage } from './pages/overview-page.tsx';

const root = createRootRoute({
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: NotFoundPage,
});

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage });

const mirrors = createRoute({
  getParentRoute: () => root,
  path: '/mirrors',
  component: lazyRouteComponent(() => import('./pages/mirrors-page.tsx'), 'MirrorsPage'),
});

const mirror = createRoute({
  getParentRoute: () => root,
  path: '/mirrors/$id',
  component: lazyRouteComponent(() => import('./pages/mirror-page.tsx'), 'MirrorPage'),
});

const newMirror = createRoute({
  getParentRoute: () => root,
  path: '/mirrors/new',
  component: lazyRouteComponent(() => import('./pages/new-mirror-page.tsx'), 'NewMirrorPage'),
});

const transactions = createRoute({
  getParentRoute: () => root,
  path: '/transactions',
  validateSearch: historySearchSchema,
  component: lazyRouteComponent(() => import('./pages/transactions-page.tsx'), 'TransactionsPage'),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: '/jobs',
  component: lazyRouteComponent(() => import('./pages/jobs-page.tsx'), 'JobsPage'),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('./pages/job-page.tsx'), 'JobPage'),
});

const log = createRoute({
  getParentRoute: () => root,
  path: '/log',
  component: lazyRouteComponent(() => import('./pages/log-page.tsx'), 'LogPage'),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  component: lazyRouteComponent(() => import('./pages/audit-page.tsx'), 'AuditPage'),
});

const access = createRoute({
  getParentRoute: () => root,
  path: '/access',
  component: lazyRouteComponent(() => import('./pages/access-page.tsx'), 'AccessPage'),
});

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: lazyRouteComponent(() => import('./pages/system-page.tsx'), 'SystemPage'),
});

const config = createRoute({
  getParentRoute: () => root,
  path: '/config',
  component: lazyRouteComponent(() => import('./pages/config-page.tsx'), 'ConfigPage'),
});

/** The pages by their addresses; all but the first are loaded when they are asked for. */
export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    mirrors,
    newMirror,
    mirror,
    transactions,
    jobs,
    job,
    config,
    log,
    audit,
    access,
    system,
  ]),
  // The server tells by <base> where the top is; it is not always that of the host.
  basepath: new URL(document.baseURI).pathname,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
