import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnosticsSchema } from '../shared/system.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { httpRequest } from './testing/http-request.ts';
import { findingsOf } from './testing/page-checks.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';
import { isSignedBy, WebhookReceiver } from './testing/webhook-receiver.ts';

/** Nothing is asked for again: it is pushed. */
const FOLLOWS_WITHIN_MS = 2000;
/** Lines of the log, on a screen 800 px high. */
const MORE_THAN_FIT = 60;

let mirror: SshdMirror;
let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  mirror = await startSshdMirror({ name: 'web1' });
  appliance = new ApplianceProcess({ mirrors: [mirror.config()] });
  await appliance.start();
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
  await dashboard.shows('state', 'You can read and write.');
});

afterAll(async () => {
  await browser?.stop();
  await appliance?.stop();
  await mirror?.stop();
  expect(window?.problems).toEqual([]);
});

const overviewStatus = async (token: string) =>
  (await httpRequest(`${appliance.url}/api/v1/overview`, { headers: { authorization: `Bearer ${token}` } }))
    .status;

describe('the page of the log', () => {
  it('follows what is logged, and is narrowed to what matters', async () => {
    await dashboard.goTo('Log');
    await dashboard.shows('log-line', 'mirror-up');
    await mirror.kill();
    await dashboard.shows('log-line', /warn.*mirror-down.*web1/s);
    await dashboard.page.getByLabel('Level').selectOption('warn');
    await dashboard.hides(dashboard.part('log-line').filter({ hasText: 'mirror-up' }));
    expect(await findingsOf(window.page)).toEqual([]);
    await mirror.restart();
    await dashboard.page.getByLabel('Contains').fill('no-such-word');
    await dashboard.shows('log', 'Nothing like that has been logged.');
  });
});

describe('the lines of the log', () => {
  const goOn = () => dashboard.page.getByRole('button', { name: 'Go on following' });
  const isAtEnd = () =>
    dashboard.page
      .getByRole('log')
      .evaluate((lines) => lines.scrollHeight - lines.scrollTop - lines.clientHeight < 1);

  it('stay at their end whatever the width, until somebody scrolls up', async () => {
    for (let k = 0; k < MORE_THAN_FIT; k += 1)
      await appliance.api('/api/v1/mirrors/web1/retry', { method: 'POST' });
    await dashboard.load('/log');
    await dashboard.shows('log-line', 'api.change');
    for (const width of [360, 1440, 700]) {
      await dashboard.page.setViewportSize({ width, height: 800 });
      await waitUntil(`the end is in sight at ${width} px`, isAtEnd);
    }
    expect(await goOn().count()).toBe(0);
    await dashboard.page.getByRole('log').evaluate((lines) => lines.scrollTo(0, 0));
    await goOn().waitFor();
    expect(await findingsOf(window.page)).toEqual([]);
    await goOn().click();
    await waitUntil('the end is in sight again', isAtEnd);
  });
});

describe('the page of access', () => {
  it('makes a token that is told once and works, and revokes it', async () => {
    await dashboard.goTo('Access');
    await dashboard.page.getByLabel('Name').fill('<b>robot');
    await dashboard.page.getByLabel('May').selectOption('read');
    await dashboard.press('Make a token');
    const token = await dashboard.part('made-token').innerText();
    expect([await overviewStatus(token), await overviewStatus('wrong')]).toEqual([200, 401]);
    await dashboard.shows('token-row', '<b>robot');
    await dashboard.shows('session-row', 'this one');
    await dashboard.page.getByLabel('Name').focus();
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.press('Revoke… <b>robot');
    await dashboard.answer('Revoke <b>robot');
    await dashboard.hides(dashboard.part('token-row'));
    expect(await overviewStatus(token)).toBe(401);
  });

  it('adds a webhook, whose secret is told once and signs what is sent, and removes it', async () => {
    const receiver = await WebhookReceiver.start();
    const { host } = new URL(receiver.url);
    await dashboard.page.getByLabel('Address').fill(`${receiver.url}/<b>?of=me`);
    await dashboard.page.getByLabel('resyncs and scrubs').uncheck();
    await dashboard.press('Add a webhook');
    const secret = await dashboard.part('made-secret').innerText();
    await dashboard.shows('webhook-row', /of=me.*changes of mode, states of mirrors.*none yet/s);
    await dashboard.press(`Test ${host}`);
    await dashboard.shows('webhook-row', /Delivered.*webhook\.test/s);
    await mirror.kill();
    await waitUntil('the loss of the mirror is told', () => receiver.events.includes('mirror.state'));
    await mirror.restart();
    expect(receiver.received.filter((each) => !isSignedBy(secret, each))).toEqual([]);
    receiver.refuse(500);
    await dashboard.press(`Test ${host}`);
    await dashboard.shows('webhook-row', /Failed.*the receiver answered 500/s);
    await dashboard.page.getByLabel('Address').focus();
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.press(`Remove… ${host}`);
    await dashboard.answer(`Remove ${host}`);
    await dashboard.hides(dashboard.part('webhook-row'));
    await receiver.stop();
  });

  it('ends the session of another browser, whose page then asks for the login', async () => {
    const other = await browser.open();
    const there = new Dashboard(other.page, appliance.url);
    await there.logIn(appliance.token);
    await there.shows('state', 'You can read and write.');
    await dashboard.load('/access');
    await dashboard.part('session-row').nth(1).waitFor();
    await dashboard.press('End all others');
    await other.page.getByLabel('Access token').waitFor();
    await dashboard.hides(dashboard.part('session-row').nth(1));
    await other.page.close();
  });
});

describe('the page of the audit', () => {
  it('tells who changed what, newest first', async () => {
    await dashboard.goTo('Audit');
    await dashboard.shows('audit-row', /DELETE \/sessions\/.*done.*browser/s);
    await dashboard.shows('audit-row', /POST \/tokens.*name, scope/s);
    await dashboard.shows('audit-row', /POST \/session.*login/s);
    expect(await findingsOf(window.page)).toEqual([]);
    const rows = dashboard.part('audit-row');
    await appliance.api('/api/v1/mirrors/web1/retry', { method: 'POST' });
    await dashboard.shows('audit-row', /POST \/mirrors\/web1\/retry.*token/s, FOLLOWS_WITHIN_MS);
    await dashboard.page.getByLabel('Contains').fill('/tokens');
    await dashboard.hides(rows.filter({ hasText: '/session' }).first());
    await dashboard.shows('audit-row', /POST \/tokens/);
    await dashboard.page.getByLabel('Result').selectOption('Refused');
    await dashboard.shows('audit', 'Nothing here is like that.');
  });
});

describe('the page of the system', () => {
  it('shows how the process is, and hands out all of it without a secret', async () => {
    await dashboard.goTo('System');
    await dashboard.shows('machine', /kernel: .*root/s);
    await dashboard.shows('process', String(appliance.pid));
    await dashboard.shows('kept', 'journal');
    expect(await findingsOf(window.page)).toEqual([]);
    const downloading = dashboard.page.waitForEvent('download');
    await dashboard.page.getByRole('link', { name: 'Download diagnostics' }).click();
    const text = await readFile(await (await downloading).path(), 'utf8');
    expect(diagnosticsSchema.parse(JSON.parse(text)).system.pid).toBe(appliance.pid);
    expect(text).not.toContain(appliance.token);
  });

  it('leads to the API to read', async () => {
    await dashboard.page.getByRole('link', { name: 'The API to read' }).click();
    await dashboard.page.getByRole('heading', { name: 'POST /api/v1/jobs', exact: true }).waitFor();
    expect(await findingsOf(window.page)).toEqual([]);
    await dashboard.page.getByRole('link', { name: 'Mirror', exact: true }).first().click();
    expect(dashboard.page.url()).toMatch(/#shape-Mirror$/);
    await dashboard.page.getByRole('heading', { name: 'Mirror', exact: true }).waitFor();
  });
});
