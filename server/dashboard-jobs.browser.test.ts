import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { Dashboard } from './testing/dashboard.ts';
import { noneLeft } from './testing/none-left.ts';
import { findingsOf } from './testing/page-checks.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';

const WEB_ROOT = new URL('../dist/web/', import.meta.url);
/** Everything that a first visit loads, compressed as a proxy would. */
const FIRST_LOAD_LIMIT_KIB = 320;

let mirrors: SshdMirror[];
let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  mirrors = await Promise.all(['web1', 'web2'].map((name) => startSshdMirror({ name })));
  appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()) });
  await appliance.start();
  await inMount('mkdir dir && for k in 1 2 3 4; do echo $k > dir/$k; done');
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
  await dashboard.shows('state', 'You can read and write. Both mirrors are in sync.');
});

afterAll(async () => {
  await browser?.stop();
  await appliance?.stop();
  for (const mirror of mirrors ?? []) await mirror.stop();
  expect(window?.problems).toEqual([]);
});

async function inMount(script: string): Promise<void> {
  expect(await appliance.inMount('sh', ['-ec', script])).toMatchObject({ code: 0 });
}

function root(index: number): string {
  return mirrors[index]?.root ?? '';
}

describe('the shell', () => {
  it('leads from page to page by keyboard alone, each with its address and title', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Jobs' }).focus();
    await page.keyboard.press('Enter');
    await dashboard.part('jobs-page').waitFor();
    expect(new URL(page.url()).pathname).toBe('/jobs');
    await page.waitForFunction('document.title === "Jobs · Proxyfs"');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    await page.goBack();
    await dashboard.part('overview').waitFor();
  });

  it('shows a page at its address, the way back from one that is none, and the same banner on each', async () => {
    await dashboard.load('/nowhere/at/all');
    await dashboard.shows('not-found', 'There is no such page');
    await dashboard.page.getByRole('link', { name: 'Go to the overview' }).click();
    await dashboard.part('overview').waitFor();
    await dashboard.load('/jobs');
    await dashboard.shows('jobs', 'No job has run yet');
    process.kill(appliance.pid ?? 0, 'SIGSTOP');
    try {
      await dashboard.shows('connection-banner', 'The connection to the server is lost');
      await dashboard.page.getByRole('button', { name: 'Begin the scrub', disabled: true }).waitFor();
    } finally {
      process.kill(appliance.pid ?? 0, 'SIGCONT');
    }
    await dashboard.hides(dashboard.part('connection-banner').getByText('lost'));
  });

  it('loads little at first, and the other pages when they are asked for', async () => {
    const loaded = new Set<string>();
    const fresh = new Dashboard((await browser.open()).page, appliance.url);
    await fresh.logIn(appliance.token);
    fresh.page.on('request', (request) => loaded.add(new URL(request.url()).pathname));
    await fresh.load('/');
    await fresh.part('overview').waitFor();
    const files = [...loaded].filter((path) => /\.(?:js|css|svg)$/.test(path)).map((path) => path.slice(1));
    const sizes = await Promise.all(
      files.map(async (file) => gzipSync(await readFile(new URL(file, WEB_ROOT))).length),
    );
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.reduce((sum, size) => sum + size, 0) / 1024).toBeLessThan(FIRST_LOAD_LIMIT_KIB);
    const before = new Set(loaded);
    await fresh.goTo('Jobs');
    await fresh.part('jobs-page').waitFor();
    expect([...loaded].filter((path) => path.endsWith('.js') && !before.has(path))).not.toEqual([]);
    await fresh.page.context().close();
  });
});

describe('the jobs', () => {
  it('begin with a scrub that lists what differs, and end with the mirrors made equal as announced', async () => {
    const stranger = '<b>only\u202Ehere';
    await writeFile(join(root(0), stranger), 'stranger');
    await rm(join(root(0), 'dir', '1'));
    await appendFile(join(root(1), 'dir', '2'), 'more');
    await dashboard.load('/jobs');
    await dashboard.press('Begin the scrub');
    await dashboard.shows('job', /Done\s*Scrub of all mirrors/);
    await dashboard.shows('job-figures', /3\s*differ/);
    await dashboard.shows('difference', /web1\s*\/<b>only\\u202ehere\s*only there/);
    await dashboard.shows('difference', /web1\s*\/dir\/1\s*missing there/);
    await dashboard.shows('difference', /web2\s*\/dir\/2\s*another size/);
    expect(await findingsOf(window.page)).toEqual([]);

    await dashboard.press('Make equal: all mirrors');
    const dialog = dashboard.page.getByRole('dialog');
    await dialog.getByText(/2 paths to copy \(\d+ B\), 0 to change, 1 to remove/).waitFor();
    const overwrite = dialog.getByRole('button', { name: 'Overwrite all mirrors' });
    expect(await overwrite.isDisabled()).toBe(true);
    await dialog.getByLabel('Type “all mirrors” to confirm').fill('all mirrors');
    await overwrite.click();
    await dashboard.shows('job', /Done\s*Scrub with repair of all mirrors/, 10_000);
    expect(existsSync(join(root(0), stranger))).toBe(false);
    await noneLeft(() => compareTrees([appliance.localPath, root(0), root(1)]));
  });

  it('make a resync only after its dry run, which has changed nothing', async () => {
    await writeFile(join(root(1), 'dir', '3'), 'overwritten');
    await dashboard.goTo('Jobs');
    await dashboard.page.getByText('Resync', { exact: true }).click();
    await dashboard.part('job-start').getByLabel('Mirror').selectOption('web2');
    await dashboard.page.getByLabel('Path').fill('/dir');
    await dashboard.press('Begin the dry run');
    await dashboard.shows('job', /Done\s*Dry run of a resync of web2\s*\/dir/);
    await dashboard.shows('plan', /1 path to copy \(2 B\), 0 to change, 0 to remove/);
    expect((await stat(join(root(1), 'dir', '3'))).size).toBe('overwritten'.length);
    await dashboard.press('Make equal: web2');
    await dashboard.answer('Overwrite web2');
    await dashboard.shows('job', /Done\s*Resync of web2\s*\/dir/, 10_000);
    expect(await readFile(join(root(1), 'dir', '3'), 'utf8')).toBe('3\n');
    expect(await readdir(join(root(1), 'dir'))).toEqual(['1', '2', '3', '4']);
  });

  it('can be paused, resumed and cancelled while they run', async () => {
    await mirrors[1]?.freeze();
    try {
      await dashboard.goTo('Jobs');
      await dashboard.press('Begin the scrub');
      await dashboard.shows('job', /Running\s*Scrub of all mirrors/);
      await dashboard.press('Pause: Scrub of all mirrors, /');
      await dashboard.shows('job', /Paus(?:ing|ed)\s*Scrub of all mirrors/);
      await dashboard.press('Resume: Scrub of all mirrors, /');
      await dashboard.shows('job', /Running\s*Scrub of all mirrors/);
      await dashboard.press('Cancel: Scrub of all mirrors, /');
    } finally {
      await mirrors[1]?.thaw();
    }
    await dashboard.shows('job', /Cancelled\s*Scrub of all mirrors/, 10_000);
    await dashboard.goTo('Jobs');
    await dashboard.shows('jobs', /0 running, 5 jobs listed/);
    expect(await findingsOf(window.page)).toEqual([]);
  });

  it('are for those who may operate: others are told so', async () => {
    const { body } = await appliance.api('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'viewer', scope: 'read' }),
    });
    const viewer = new Dashboard((await browser.open()).page, appliance.url);
    await viewer.logIn((body as { token: string }).token);
    await viewer.goTo('Jobs');
    const begin = viewer.page.getByRole('button', { name: 'Begin the scrub', disabled: true });
    await begin.filter({ hasText: 'Signed in with a token that may only look' }).waitFor();
    await viewer.shows('jobs', '5 jobs listed');
    await viewer.page.context().close();
  });
});
