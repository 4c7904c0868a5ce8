import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRIC_STATES } from '../shared/states.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { Dashboard } from './testing/dashboard.ts';
import { noneLeft } from './testing/none-left.ts';
import { findingsOf } from './testing/page-checks.ts';
import { pinOf, type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const FILLED_WITHIN_MS = 15_000;
/** The probe of an idle mirror, and the attempt after it. */
const NOTICED_WITHIN_MS = 10_000;

let first: SshdMirror;
let added: SshdMirror;
let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  [first, added] = await Promise.all([startSshdMirror({ name: 'web1' }), startSshdMirror({ name: 'web2' })]);
  appliance = new ApplianceProcess({
    mirrors: [first.config({ owner: 'ignore' })],
    configuration: { timeout: 2 },
  });
  await appliance.start();
  await inMount('mkdir dir && echo one > dir/1 && ln dir/1 link');
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
  await dashboard.shows('state', 'You can read and write. The mirror is in sync.');
});

afterAll(async () => {
  await browser?.stop();
  await appliance?.stop();
  for (const mirror of [first, added]) await mirror?.stop();
  expect(window?.problems).toEqual([]);
});

async function inMount(script: string): Promise<void> {
  expect(await appliance.inMount('sh', ['-ec', script])).toMatchObject({ code: 0 });
}

async function fill(label: string, text: string): Promise<void> {
  await dashboard.part('wizard-step').getByLabel(label, { exact: true }).fill(text);
}

describe('the page of a mirror', () => {
  it('is reached from the table, and shows states, guarantee, settings and how it was', async () => {
    await dashboard.shows('mirror-heartbeat', /last hour\s*in sync [\d.]+ %/);
    await dashboard.press('Scrub web1');
    await dashboard.shows('job', /Done\s*Scrub of web1/);
    await dashboard.goTo('Mirrors');
    await dashboard.shows('mirror-row', /web1\s*127\.0\.0\.1 · required\s*Connected\s*In sync/);
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.page.getByRole('link', { name: 'web1', exact: true }).click();
    await dashboard.mirrorShows('web1', 'link', /^Link\s*Connected/);
    await dashboard.shows('mirror-guarantee', 'lesser guarantee: owners are not kept');
    await dashboard.shows('mirror-guarantee', /Hard links are kept\s*yes.*Files keep their owners\s*no/s);
    await dashboard.shows('mirror-guarantee', `127.0.0.1 port ${first.port}`);
    await dashboard.shows('mirror-history', /in sync for [\d.]+ % of the time that Proxyfs ran/);
    await dashboard.shows('mirror-history', /Sent\s*highest: [\d.]+ \w+\/s/);
    expect(new Set(await formsOfStates()).size).toBe(METRIC_STATES.length);
    await dashboard.page.getByText('7d', { exact: true }).click();
    await dashboard.shows('mirror-history', '7d ago');
    await dashboard.press('Scrub web1');
    // The mirror's page shows the first scrub as done too, so only the address tells that the job's page is up.
    await dashboard.page.waitForURL('**/jobs/*');
    await dashboard.shows('job', /Done\s*Scrub of web1/);
    await dashboard.page.goBack();
    await dashboard.shows('mirror-jobs', 'last compared as a whole');
    await dashboard.shows('mirror-jobs', 'Scrub of web1');
    expect(await findingsOf(window.page)).toEqual([]);
  });

  it('says of a name that is none that there is no such mirror', async () => {
    await dashboard.load('/mirrors/%3Cb%3Eweb9%E2%80%AE');
    await dashboard.shows('mirror-page', /<b>web9\\u202e.*There is no mirror of this name/s);
  });
});

describe('adding a mirror', () => {
  it('goes step by step, with the host key accepted by a person, and the files arrive there', async () => {
    await dashboard.goTo('Mirrors');
    await dashboard.page.getByRole('link', { name: 'Add a mirror' }).click();
    await fill('Name', 'web2');
    await fill('Host', '127.0.0.1');
    await fill('Port', '1');
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.press('Reach it');
    await dashboard.shows('trial-failure', /Reaching it: The mirror cannot be reached/);
    await fill('Port', String(added.port));
    await dashboard.press('Reach it');
    await dashboard.shows('host-key', pinOf(added));
    await dashboard.shows('host-key', 'ssh-ed25519');
    await dashboard.page.getByRole('button', { name: 'Accept this key', disabled: true }).waitFor();
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.page.getByLabel(/I have compared it/).check();
    await dashboard.press('Accept this key');

    await fill('User', userInfo().username);
    await fill('Private key', added.identityFile);
    await fill('Directory there', join(added.root, 'nowhere'));
    await dashboard.press('Log in and look');
    await dashboard.shows('trial-failure', 'The directory there:');
    await fill('Directory there', added.root);
    await dashboard.press('Log in and look');
    await dashboard.shows('trial-fine', /It would do: [\d.]+ [KMGT]iB free/);
    expect(existsSync(join(added.root, 'dir'))).toBe(false);
    await dashboard.press('Add the mirror');
    await dashboard.mirrorShows('web2', 'content', /^Content\s*In sync/, FILLED_WITHIN_MS);
    const replicas = [appliance.localPath, first.root, added.root];
    await noneLeft(() => compareTrees(replicas));
    expect(await readFile(appliance.configFile, 'utf8')).toContain(pinOf(added));
  });

  it('refuses a name that is taken before anybody connects', async () => {
    await dashboard.load('/mirrors/new');
    await fill('Name', 'web2');
    await fill('Host', '127.0.0.1');
    await dashboard.press('Reach it');
    await dashboard.page.getByRole('alert').filter({ hasText: 'The name is taken' }).waitFor();
  });
});

describe('a server whose host key has changed', () => {
  it('is refused, with both fingerprints on its page and among what needs somebody', async () => {
    const known = `where ${pinOf(first)} is expected`;
    const shown = /presents the ssh-ed25519 host key SHA256:\S{43} where/;
    await first.kill();
    await first.restart({ newHostKey: true });
    await appliance.api('/api/v1/mirrors/web1/retry', { method: 'POST' });
    await dashboard.load('/mirrors/web1');
    await dashboard.mirrorShows('web1', 'reason', shown, NOTICED_WITHIN_MS);
    await dashboard.mirrorShows('web1', 'reason', known);
    await dashboard.goTo('Overview');
    const item = await dashboard.shows('attention-item', 'The host key of the mirror has changed');
    await item.filter({ hasText: shown }).filter({ hasText: known }).waitFor();
    await first.kill();
    await first.restart({ formerHostKey: true });
    await appliance.api('/api/v1/mirrors/web1/retry', { method: 'POST' });
    await dashboard.hides(dashboard.part('attention-item'), FILLED_WITHIN_MS);
  });
});

describe('several mirrors at once', () => {
  it('are detached after a question that names them and tells the consequence, and attached again', async () => {
    await dashboard.goTo('Mirrors');
    await dashboard.page.getByRole('button', { name: 'Detach (0)', disabled: true }).waitFor();
    await dashboard.page.getByLabel('Select web1').check();
    await dashboard.shows('mirror-bulk', '1 mirror selected');
    await dashboard.page.getByLabel('Select all that are shown').check();
    await dashboard.press('Detach (2): the selected mirrors');
    const dialog = dashboard.page.getByRole('dialog');
    await dialog.getByText(/web1 and web2: from then on writes succeed without them/).waitFor();
    await dialog.getByText('writes will then be kept on this machine only').waitFor();
    await dashboard.answer('Detach 2 mirrors');
    await dashboard.shows('mirror-row', /web1.*Detached/s);
    await dashboard.shows('mirror-row', /web2.*Detached/s);
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.press('Attach (2): the selected mirrors');
    await dashboard.shows('mirror-row', /web1.*Connected\s*In sync/s, FILLED_WITHIN_MS);
    await dashboard.shows('mirror-row', /web2.*Connected\s*In sync/s, FILLED_WITHIN_MS);
  });
});

describe('removing a mirror', () => {
  it('asks for its name, and leaves its files where they are', async () => {
    await dashboard.load('/mirrors/web2');
    await dashboard.press('Remove this mirror… web2');
    const dialog = dashboard.page.getByRole('dialog');
    await dialog.getByText('1 required mirror will remain.').waitFor();
    const remove = dialog.getByRole('button', { name: 'Remove web2' });
    await dialog.getByLabel('Type “web2” to confirm').fill('web1');
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByLabel('Type “web2” to confirm').fill('web2');
    await remove.click();
    await dashboard.shows('mirror-table', '1 mirror, 1 connected and in sync');
    await inMount('echo later > later');
    expect(existsSync(join(added.root, 'later'))).toBe(false);
    expect(await readFile(join(added.root, 'dir/1'), 'utf8')).toBe('one\n');
    const configured = async () => (await readFile(appliance.configFile, 'utf8')).includes('web2');
    await waitUntil('the configuration file has it no more', async () => !(await configured()));
  });

  it('and adding one is for administrators alone', async () => {
    const { body } = await appliance.api('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'operator', scope: 'operate' }),
    });
    const operator = new Dashboard((await browser.open()).page, appliance.url);
    await operator.logIn((body as { token: string }).token);
    await operator.load('/mirrors/web1');
    const remove = operator.page.getByRole('button', { name: 'Remove this mirror… web1', disabled: true });
    await remove.filter({ hasText: 'may not change settings' }).waitFor();
    await operator.page.getByRole('button', { name: 'Scrub web1', disabled: false }).waitFor();
    await operator.page.context().close();
  });
});

/** What bars of each state look like in the legend, but for their colours. */
function formsOfStates(): Promise<string[]> {
  const bars = dashboard.page.getByTestId('mirror-history').locator('li line');
  return bars.evaluateAll((lines) =>
    lines.map((line) => `${line.getAttribute('stroke-width')} ${line.getAttribute('stroke-dasharray')}`),
  );
}
