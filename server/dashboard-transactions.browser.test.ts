import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { findingsOf } from './testing/page-checks.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';

/** More than a page of the history. */
const FILES = 60;

let mirror: SshdMirror;
let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  mirror = await startSshdMirror({ name: 'web1' });
  appliance = new ApplianceProcess({
    mirrors: [mirror.config()],
    configuration: { timeout: 2, tries: { times: 2, wait: [0.2] } },
  });
  await appliance.start();
  await inMount(`mkdir many && cd many && for k in $(seq ${FILES}); do mkdir d$k; done`);
  await inMount('echo text > "$(printf \'<b>odd\\342\\200\\256\')"');
  await mirror.kill();
  expect((await appliance.inMount('mkdir', ['refused'])).code).not.toBe(0);
  await mirror.restart();
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
});

afterAll(async () => {
  await browser?.stop();
  await appliance?.stop();
  await mirror?.stop();
  expect(window?.problems).toEqual([]);
});

async function inMount(script: string): Promise<void> {
  expect(await appliance.inMount('sh', ['-ec', script])).toMatchObject({ code: 0 });
}

describe('the history', () => {
  it('opens the steps of one that failed, with what each mirror said', async () => {
    await dashboard.goTo('Transactions');
    await dashboard.load('/transactions?outcome=rolled-back');
    await dashboard.press('Steps: make directory /refused');
    const drawer = dashboard.page.getByRole('dialog');
    await drawer.getByText('Told the caller EIO').waitFor();
    await dashboard.shows('step', /web1\s*retrying · attempt 1/);
    await dashboard.shows('step', /web1\s*failed · attempt 2/);
    await dashboard.shows('step', /the whole\s*rolled back/i);
    expect(await findingsOf(window.page)).toEqual([]);
    expect(new URL(dashboard.page.url()).searchParams.get('id')).not.toBeNull();
    await dashboard.page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'hidden' });
  });

  it('is filtered by what stands in the address, also after loading it anew', async () => {
    const rows = dashboard.part('history').getByTestId('recent-row');
    await dashboard.page.getByLabel('Outcome').selectOption('rolled-back');
    await dashboard.hides(rows.filter({ hasText: 'Committed' }));
    expect(await rows.count()).toBe(1);
    expect(new URL(dashboard.page.url()).search).toContain('outcome=rolled-back');
    await dashboard.page.reload();
    await rows.filter({ hasText: '/refused' }).waitFor();
    expect(await rows.count()).toBe(1);
    await dashboard.page.getByLabel('Outcome').selectOption('');
    await dashboard.page.getByLabel('Path begins with').fill('/<b>odd');
    await rows.filter({ hasText: 'create file' }).first().waitFor();
    await dashboard.hides(rows.filter({ hasText: '/many' }));
    expect(await rows.first().innerText()).toContain('/<b>odd\\u202e');
    const asRoot = `asked for by user ${process.getuid?.()}`;
    await dashboard.page
      .getByRole('button', { name: /^Steps: create file/ })
      .first()
      .click();
    await dashboard.page.getByRole('dialog').getByText(asRoot).waitFor();
    await dashboard.page.keyboard.press('Escape');
    await dashboard.page.getByLabel('User id').fill('54321');
    await dashboard.shows('history', 'Nothing like that is remembered');
    expect(new URL(dashboard.page.url()).search).toContain('uid=54321');
    await dashboard.page.getByLabel('User id').fill(String(process.getuid?.()));
    await rows.filter({ hasText: 'create file' }).first().waitFor();
    await dashboard.load('/transactions?outcome=nonsense&op=mkdir&path=%2Fnowhere');
    await dashboard.shows('history', 'Nothing like that is remembered');
  });

  it('goes back further than one page', async () => {
    await dashboard.load('/transactions?op=mkdir&path=%2Fmany%2F');
    const rows = dashboard.part('history').getByTestId('recent-row');
    await rows.filter({ hasText: `/many/d${FILES}` }).waitFor();
    expect(await rows.count()).toBeLessThan(FILES);
    await dashboard.press('Look further back');
    await rows.nth(FILES - 1).waitFor();
    expect(await rows.count()).toBe(FILES);
    expect(await rows.last().innerText()).toMatch(/\/many\/d1$/m);
  });
});

describe('the switch for writing', () => {
  it('makes writes fail with EROFS, says why on the page, and takes it back', async () => {
    await dashboard.goTo('Overview');
    await dashboard.shows('state', 'You can read and write.');
    await dashboard.press('Switch writing off…');
    await dashboard.page.getByRole('dialog').getByLabel('Reason').fill('moving house');
    await dashboard.answer('Switch writing off');
    await dashboard.shows('state', /Read-only: an operator has switched writing off\..*moving house/s);
    const refused = await appliance.inMount('mkdir', ['later']);
    expect(refused.stderr).toContain('Read-only file system');
    await dashboard.press('Switch writing on');
    await dashboard.shows('state', 'You can read and write.');
    await inMount('mkdir later');
    expect(await findingsOf(window.page)).toEqual([]);
  });
});
