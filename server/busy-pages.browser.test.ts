import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { LoadStand } from './testing/load/load-stand.ts';
import { takePace, watchPace } from './testing/load/page-pace.ts';
import { waitUntil } from './testing/wait-until.ts';

const MIRRORS = 50;
const LISTED_IN_FLIGHT = 30;
const LISTED_RECENT = 12;
const RENDERS_PER_SECOND = 4;
/** Some seconds of them. */
const TRANSACTIONS = 5000;
/** As a busy machine may need for so many. */
const LIMIT_MS = 60_000;

let stand: LoadStand;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  stand = await LoadStand.start({ mirrors: MIRRORS, transactionsPerSecond: 1000 });
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, stand.url);
  await dashboard.logIn(stand.token);
  await dashboard.part('recent-row').first().waitFor({ timeout: LIMIT_MS });
});

afterAll(async () => {
  await browser?.stop();
  await stand?.stop();
  expect(window?.problems).toEqual([]);
});

async function manyMore(): Promise<void> {
  const wanted = stand.transactions.begun + TRANSACTIONS;
  await waitUntil('many transactions have begun', () => stand.transactions.begun > wanted, LIMIT_MS);
}

it('shows a thousand transactions a second on fifty mirrors in four renderings and in lists of bounded length', async () => {
  const { page } = window;
  await watchPace(page);
  await manyMore();
  const { elapsedMs, renders } = await takePace(page);
  expect(renders).toBeGreaterThan(0);
  expect(renders).toBeLessThanOrEqual((RENDERS_PER_SECOND * elapsedMs) / 1000 + 2);
  expect(await dashboard.part('mirror-card').count()).toBe(MIRRORS);
  expect(await dashboard.part('recent-row').count()).toBe(LISTED_RECENT);
  expect(await dashboard.part('in-flight-row').count()).toBeLessThanOrEqual(LISTED_IN_FLIGHT);
});

it('counts every one of them, told or not', async () => {
  stand.transactions.stop();
  const ended = stand.transactions.begun - stand.transactions.inFlight().length;
  const { committed, rolledBack } = stand.history.counters;
  expect(committed + rolledBack).toBe(ended);
  const words = `${committed.toLocaleString('en-US')} committed · ${rolledBack.toLocaleString('en-US')} rolled back`;
  await dashboard.shows('counters', words);
});
