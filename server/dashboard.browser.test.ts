import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { findingsOf } from './testing/page-checks.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';
import { waitUntil } from './testing/wait-until.ts';

/** Long enough that nothing but the test ends the wait before the second attempt. */
const WAIT_SECONDS = 40;
const TIMEOUT_SECONDS = 1;
/** What the appliance knows is on the page within this time. */
const SHOWN_WITHIN_MS = 2000;
/** The probe of an idle mirror every two seconds, its deadline, and what a busy machine adds. */
const NOTICED_WITHIN_MS = 6000;
/** Reconnecting and catching up of a mirror that was told to do so now. */
const HEALED_WITHIN_MS = 10_000;
/** What a person waits for less than the wait between attempts. */
const AT_ONCE_MS = 5000;
/** A silent server is asked after half a second and has a second to answer. */
const BANNER_WITHIN_MS = 2000;

const IN_SYNC = /^Content\s*In sync(?! when)/;
/** What was written just before a link broke is doubted. */
const NOT_SURE = /^Content\s*(In sync when last heard|Stale)/;
const UP = /^Link\s*Connected/;
/** Overwrites the beginning of a file in place, and says which errno the write got; it tries only once. */
const OVERWRITE = 'open(my $f, "+<", $ARGV[0]) or die; defined(syswrite($f, $ARGV[1])) or die 0 + $!, "\\n";';
const ECANCELED = 125;
const READ_ONLY = changeOfMode({ mode: 'readOnly', reason: 'away for a moment' });
const READ_WRITE = changeOfMode({ mode: 'readWrite' });

let web1: SshdMirror;
let web2: SshdMirror;
let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  [web1, web2, browser] = await Promise.all([
    startSshdMirror({ name: 'web1' }),
    startSshdMirror({ name: 'web2' }),
    TestBrowser.start(),
  ]);
  appliance = new ApplianceProcess({
    mirrors: [web1.config(), web2.config({ owner: 'ignore' })],
    configuration: { tries: { times: 2, wait: [WAIT_SECONDS] }, timeout: TIMEOUT_SECONDS },
  });
  await appliance.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
});

afterAll(async () => {
  await browser?.stop();
  await web2?.thaw();
  await appliance?.stop();
  await Promise.all([web1?.stop(), web2?.stop()]);
  // Through all of it, no script of the page has failed, and none but its own has run.
  expect(window?.problems).toEqual([]);
});

describe('the login', () => {
  it('refuses a wrong token, says so, and shows nothing of what is behind it', async () => {
    const stranger = await browser.open();
    const door = new Dashboard(stranger.page, appliance.url);
    await door.logIn('not-the-token');
    await door.page.getByRole('alert').filter({ hasText: 'This token is not valid' }).waitFor();
    expect(await findingsOf(door.page)).toEqual([]);
    await door.page.getByRole('link', { name: 'Set a password' }).click();
    await door.page.getByLabel('New password').waitFor();
    expect(await findingsOf(door.page)).toEqual([]);
    await door.page.goto(appliance.url);
    expect(await door.part('overview').count()).toBe(0);
    expect(await door.page.content()).not.toContain('web1');
    await door.submitToken(appliance.token);
    await door.shows('state', 'You can read and write');
    await door.page.context().close();
  });

  it('ends with signing out', async () => {
    const other = new Dashboard((await browser.open()).page, appliance.url);
    await other.logIn(appliance.token);
    await other.shows('state', 'You can read and write');
    await other.press('Sign out');
    await other.page.getByLabel('Access token').waitFor();
    await other.page.goto(appliance.url);
    await other.page.getByLabel('Access token').waitFor();
    await other.page.context().close();
  });
});

describe('who signs in with a token that may only look', () => {
  it('sees everything, and each button says why it does nothing', async () => {
    const { body } = await appliance.api('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'viewer', scope: 'read' }),
    });
    const viewer = new Dashboard((await browser.open()).page, appliance.url);
    await viewer.logIn((body as { token: string }).token);
    await viewer.shows('state', 'You can read and write');
    const detach = viewer.page.getByRole('button', { name: 'Detach web1', disabled: true });
    await detach.filter({ hasText: 'Signed in with a token that may only look' }).waitFor();
    await viewer.page.context().close();
  });
});

describe('the overview', () => {
  it('says that one may write, and shows link, content and round trip of each mirror', async () => {
    await dashboard.shows('state', 'You can read and write. Both mirrors are in sync. Nothing needs you.');
    await dashboard.shows('mount', appliance.mountPoint);
    for (const mirror of [web1, web2]) {
      await dashboard.mirrorShows(mirror.name, 'link', UP);
      await dashboard.mirrorShows(mirror.name, 'content', IN_SYNC);
      const card = dashboard.card(mirror.name).filter({ hasText: `127.0.0.1:${mirror.port} ${mirror.root}` });
      await card.filter({ hasText: /p50 [\d.]+ ms\s*p95 [\d.]+ ms/ }).waitFor();
      await card.filter({ hasText: /Free space\s*[\d.]+ [KMGT]iB/ }).waitFor();
    }
    await dashboard.mirrorShows('web2', 'lacks', 'Lesser guarantee: owners are not kept');
    expect(await dashboard.part('mirror-lacks').count()).toBe(1);
  });

  it('shows a file written into the mount among the recent outcomes', async () => {
    await writeInMount('report.txt', 'all is well');
    const row = await dashboard.shows('recent-row', /write\s*\/report\.txt\s*11 B/, SHOWN_WITHIN_MS);
    await dashboard.shows('outcomes-24h', /24 h: [1-9]\d* committed · 0 rolled back/);
    expect(await row.getAttribute('data-outcome')).toBe('committed');
    await dashboard.shows('counters', /since start: [1-9]\d* committed · 0 rolled back/);
    expect(await everywhere('report.txt')).toEqual(['all is well', 'all is well', 'all is well']);
  });

  it('shows control characters, bidi overrides and HTML of a file name as text', async () => {
    const name = 'a\u0007\n\u202Egpj.<img src=x onerror=alert(1)><b>bold';
    await writeInMount(name, 'harmless');
    const row = await dashboard.shows('recent-row', '<img src=x onerror=alert(1)>', SHOWN_WITHIN_MS);
    expect(await row.innerText()).toContain('/a\\x07\\n\\u202egpj.<img src=x onerror=alert(1)><b>bold');
    const drawn = (await row.textContent()) ?? '';
    expect(['\u0007', '\n', '\u202E'].filter((character) => drawn.includes(character))).toEqual([]);
    expect(await row.locator('img, b').count()).toBe(0);
  });
});

describe('a mirror that has gone silent', () => {
  afterEach(async () => {
    await web2.thaw();
    await appliance.api('/api/v1/mirrors/web2/attach', { method: 'POST' });
    await backInSync();
  });

  it('is shown as down, with what it means for writing, within two seconds of being noticed', async () => {
    await web2.freeze();
    const isNoticed = () => appliance.log.lines.some(isDown);
    await waitUntil('the appliance has noticed that web2 is silent', isNoticed, NOTICED_WITHIN_MS);
    const noticedMs = performance.now();
    await dashboard.mirrorShows('web2', 'link', /^Link\s*(Down|Connecting)/, SHOWN_WITHIN_MS);
    await dashboard.mirrorShows('web2', 'content', NOT_SURE, SHOWN_WITHIN_MS);
    await dashboard.mirrorShows('web2', 'reason', 'did not answer in time', SHOWN_WITHIN_MS);
    await dashboard.shows('state', /Writes do not succeed now.*One thing needs you/, SHOWN_WITHIN_MS);
    await dashboard.shows('attention-item', 'web2 is down', SHOWN_WITHIN_MS);
    expect(performance.now() - noticedMs).toBeLessThan(SHOWN_WITHIN_MS);
    await dashboard.mirrorShows('web1', 'link', UP);
  });

  it('holds a write that is in flight, with its attempts and a countdown, until Retry now', async () => {
    await web2.freeze();
    const writer = overwrite('report.txt', 'ALL');
    const row = await inFlight('/report.txt');
    expect(await row.innerText()).toMatch(/web1 applied/);
    await dashboard.shows('in-flight-count', /^1 transaction$/);
    await countsDown();
    await web2.thaw();
    // An attempt that shares a connecting begun while web2 was silent would end with that one.
    await dashboard.mirrorShows('web2', 'link', UP, HEALED_WITHIN_MS);
    await row.waitFor();
    await dashboard.press('Retry now: write /report.txt');
    expect(await writer.result).toMatchObject({ code: 0 });
    await dashboard.hides(row, SHOWN_WITHIN_MS);
    const ended = dashboard.part('recent-row').filter({ hasText: '/report.txt' }).first();
    await ended.filter({ hasText: /Committed.*web2 applied\s*· attempt 2\/2/s }).waitFor();
    await dashboard.shows('state', 'Both mirrors are in sync. Nothing needs you.', SHOWN_WITHIN_MS);
    expect(await everywhere('report.txt')).toEqual(Array(3).fill('ALL is well'));
  });

  it('holds a write that Cancel ends with ECANCELED, and nothing has changed anywhere', async () => {
    await web2.freeze();
    const writer = overwrite('report.txt', 'NOT');
    const row = await inFlight('/report.txt');
    await dashboard.press('Cancel: write /report.txt');
    await dashboard.answer('Let it go on');
    await row.waitFor();
    await dashboard.press('Cancel: write /report.txt');
    await dashboard.answer('Cancel the transaction');
    expect(await writer.result).toMatchObject({ stderr: `${ECANCELED}\n` });
    await dashboard.hides(row, SHOWN_WITHIN_MS);
    const ended = dashboard.part('recent-row').filter({ hasText: '/report.txt' }).first();
    await ended
      .filter({ hasText: /Rolled back.*Told the caller ECANCELED:\s*Cancelled by the operator/s })
      .waitFor();
    await web2.thaw();
    await backInSync();
    expect(await everywhere('report.txt')).toEqual(Array(3).fill('ALL is well'));
  });

  it('lets writes go on once it is detached, and catches up once it is attached', async () => {
    await web2.freeze();
    const writer = overwrite('report.txt', 'Yes');
    await inFlight('/report.txt');
    await dashboard.press('Detach web2', dashboard.card('web2'));
    await dashboard.page.getByRole('dialog').getByText('1 required mirror will remain attached.').waitFor();
    await dashboard.answer('Keep it attached');
    await dashboard.press('Detach web2', dashboard.card('web2'));
    await dashboard.answer('Detach web2');
    const end = await Promise.race([writer.result, waitUntil('too late', () => false, AT_ONCE_MS)]);
    expect(end).toMatchObject({ code: 0 });
    await dashboard.mirrorShows('web2', 'link', /^Link\s*Detached/, SHOWN_WITHIN_MS);
    await dashboard.shows('state', /You can read and write\. 1 of 2 mirrors in sync: web2 is detached/);
    await writeInMount('meanwhile.txt', 'written without web2');
    await dashboard.mirrorShows('web2', 'content', /^Content\s*Stale/, SHOWN_WITHIN_MS);
    await dashboard.mirrorShows('web2', 'stale-paths', /^[1-9]/, SHOWN_WITHIN_MS);
    await web2.thaw();
    expect(existsSync(join(web2.root, 'meanwhile.txt'))).toBe(false);

    await dashboard.press('Attach web2', dashboard.card('web2'));
    await backInSync();
    await dashboard.mirrorShows('web2', 'stale-paths', /^0$/);
    expect(await everywhere('meanwhile.txt')).toEqual(Array(3).fill('written without web2'));
    expect(await everywhere('report.txt')).toEqual(Array(3).fill('Yes is well'));
  });
});

describe('an appliance that has gone', () => {
  it('shows while it hangs, and the page goes on by itself when it answers again', async () => {
    const pid = appliance.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await dashboard.shows('connection-banner', 'The connection to the server is lost', BANNER_WITHIN_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await dashboard.hides(dashboard.part('connection-banner').getByText('lost'));
    await writeInMount('afterwards.txt', 'the page goes on');
    await dashboard.shows('recent-row', '/afterwards.txt', SHOWN_WITHIN_MS);
  });

  it('is caught up with where the line was cut: nothing that has happened meanwhile is missing', async () => {
    const line = new TcpProxy({ targetPort: Number(new URL(appliance.url).port) });
    await line.start();
    const far = new Dashboard((await browser.open()).page, `http://127.0.0.1:${line.port}`);
    await far.logIn(appliance.token);
    await far.shows('state', 'You can read and write');
    line.refuse();
    line.reset();
    await far.shows('connection-banner', 'The connection to the server is lost', BANNER_WITHIN_MS);
    const names = Array.from({ length: 5 }, (_, k) => `while-cut-${k}.txt`);
    for (const name of names) await writeInMount(name, name);
    await appliance.api('/api/v1/mode', READ_ONLY);
    expect(await far.part('recent-row').filter({ hasText: 'while-cut' }).count()).toBe(0);
    line.accept();
    await far.hides(far.part('connection-banner').getByText('lost'));
    for (const name of names) await far.shows('recent-row', `write /${name}`, SHOWN_WITHIN_MS);
    await far.shows('attention-item', 'away for a moment', SHOWN_WITHIN_MS);
    expect(await findingsOf(far.page)).toEqual([]);
    await appliance.api('/api/v1/mode', READ_WRITE);
    await far.page.context().close();
    await line.stop();
  });

  it('shows after kill -9 with all changes disabled, and the page is back after restart and login', async () => {
    await appliance.kill9();
    await dashboard.shows('connection-banner', 'The connection to the server is lost', BANNER_WITHIN_MS);
    const detach = dashboard.card('web1').getByRole('button', { name: 'Detach web1' });
    expect(await detach.getAttribute('aria-disabled')).toBe('true');

    await appliance.start();
    await dashboard.page.getByLabel('Access token').waitFor();
    await dashboard.submitToken(appliance.token);
    await dashboard.shows('state', 'You can read and write. Both mirrors are in sync.', HEALED_WITHIN_MS);
    await dashboard.shows('recent-row', '/while-cut-4.txt');
    await writeInMount('restarted.txt', 'and on');
    await dashboard.shows('recent-row', '/restarted.txt', SHOWN_WITHIN_MS);
  });
});

async function writeInMount(name: string, content: string): Promise<void> {
  const end = await appliance.inMount('sh', ['-c', 'printf %s "$2" > "$1"', 'sh', name, content]);
  expect(end).toMatchObject({ code: 0, stderr: '' });
}

function overwrite(name: string, content: string) {
  return appliance.startInMount('perl', ['-e', OVERWRITE, name, content], { timeoutMs: WAIT_SECONDS * 1000 });
}

/** The row of the one transaction that waits for web2's second attempt. */
async function inFlight(path: string) {
  await dashboard.shows('in-flight-row', path, NOTICED_WITHIN_MS);
  const row = dashboard.part('in-flight-row').filter({ hasText: path });
  const retrying = /web2 retrying\s*· attempt 1\/2\s*· again in \d+ s/;
  await row.filter({ hasText: retrying }).waitFor({ timeout: NOTICED_WITHIN_MS });
  return row;
}

async function countsDown(): Promise<void> {
  const chip = dashboard.part('in-flight-row').locator('[data-testid=participant][data-mirror=web2]');
  const seconds = async () => Number(/again in (\d+) s/.exec(await chip.innerText())?.[1]);
  const first = await seconds();
  expect(first).toBeLessThanOrEqual(WAIT_SECONDS);
  await waitUntil('the countdown goes on', async () => (await seconds()) < first);
}

/** Has web2 tried at once where it is down, and waits until the page says that it is in sync. */
async function backInSync(): Promise<void> {
  await appliance.api('/api/v1/mirrors/web2/retry', { method: 'POST' });
  await dashboard.mirrorShows('web2', 'link', UP, HEALED_WITHIN_MS);
  await dashboard.mirrorShows('web2', 'content', IN_SYNC, HEALED_WITHIN_MS);
  await dashboard.shows('state', 'You can read and write. Both mirrors are in sync. Nothing needs you.');
}

function everywhere(name: string): Promise<string[]> {
  const roots = [appliance.localPath, web1.root, web2.root];
  return Promise.all(roots.map((root) => readFile(join(root, name), 'utf8')));
}

function changeOfMode(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function isDown(line: { event: string; [field: string]: unknown }): boolean {
  return line.event === 'mirror-down' && line['mirror'] === 'web2';
}
