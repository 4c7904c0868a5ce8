import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pass } from 'node:timers/promises';
import { TestBrowser } from '../browser.ts';
import { Dashboard } from '../dashboard.ts';
import { LoadStand } from '../load/load-stand.ts';
import { type PagePace, takePace, watchPace } from '../load/page-pace.ts';
import type { Row } from './table.ts';

const LOAD = { mirrors: 50, transactionsPerSecond: 1000 };
const WARM_UP_MS = 5000;
/** On each page. */
const WATCHED_MS = 10_000;
const SHOWN_LIMIT_MS = 30_000;
const TASK_BOUND_MS = 200;
const LAG_BOUND_MS = 50;
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
const PAGES = [
  ['Overview', 'overview'],
  ['Mirrors', 'mirrors-page'],
  ['Transactions', 'transactions-page'],
] as const;

/** Whether pages and server keep answering while they show more than any mirror could take. */
export async function measureBusyPages(): Promise<Row[]> {
  const stand = await LoadStand.start(LOAD);
  const browser = await TestBrowser.start();
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  try {
    const { page } = await browser.open();
    const dashboard = new Dashboard(page, stand.url);
    await dashboard.logIn(stand.token);
    await dashboard.part('overview').waitFor({ timeout: SHOWN_LIMIT_MS });
    await pass(WARM_UP_MS);
    await watchPace(page);
    lag.enable();
    const paces: PagePace[] = [];
    for (const [name, part] of PAGES) {
      await dashboard.goTo(name);
      await dashboard.part(part).waitFor({ timeout: SHOWN_LIMIT_MS });
      await pass(WATCHED_MS);
      paces.push(await takePace(page));
    }
    return rowsOf(paces, lag, stand.ring.position().seq);
  } finally {
    lag.disable();
    await browser.stop();
    await stand.stop();
  }
}

function rowsOf(paces: readonly PagePace[], lag: IntervalHistogram, events: number): Row[] {
  if (events === 0) throw new Error('the pages have heard nothing');
  const longestMs = Math.max(...paces.map(({ longestTaskMs }) => longestTaskMs));
  const renders = paces.reduce((sum, pace) => sum + pace.renders, 0);
  const elapsedMs = paces.reduce((sum, pace) => sum + pace.elapsedMs, 0);
  const lagMs = Math.max(0, lag.percentile(99) / NS_PER_MS - RESOLUTION_MS);
  const load = `${LOAD.transactionsPerSecond} transactions/s on ${LOAD.mirrors} mirrors, simulated`;
  const bounded = (what: string, ms: number, boundMs: number): Row => ({
    what: `${load}: ${what}`,
    proxyfs: `${ms.toFixed(0)} ms`,
    other: `the bound: ${boundMs} ms`,
    times: ms / boundMs,
    of: 'the bound',
  });
  return [
    bounded(
      `longest task of the page, ${((renders * 1000) / elapsedMs).toFixed(1)} renders/s`,
      longestMs,
      TASK_BOUND_MS,
    ),
    bounded('event loop lag of the server, p99', lagMs, LAG_BOUND_MS),
  ];
}
