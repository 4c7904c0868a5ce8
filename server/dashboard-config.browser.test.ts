import { appendFile, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type BrowserWindow, TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { findingsOf } from './testing/page-checks.ts';
import { waitUntil } from './testing/wait-until.ts';

let appliance: ApplianceProcess;
let browser: TestBrowser;
let window: BrowserWindow;
let dashboard: Dashboard;

beforeAll(async () => {
  appliance = new ApplianceProcess({ mirrors: [] });
  await appliance.start();
  await appendFile(appliance.configFile, '# mine\n');
  browser = await TestBrowser.start();
  window = await browser.open();
  dashboard = new Dashboard(window.page, appliance.url);
  await dashboard.logIn(appliance.token);
  await dashboard.goTo('Configuration');
});

afterAll(async () => {
  await browser?.stop();
  await appliance?.stop();
  expect(window?.problems).toEqual([]);
});

const editor = () => dashboard.page.getByLabel('The configuration file');
const file = () => readFile(appliance.configFile, 'utf8');

describe('the page of the configuration', () => {
  it('names a mistake by its line and leads there, and saves nothing with it', async () => {
    const text = await editor().inputValue();
    await editor().fill(`${text}time_out: 3\n`);
    const mistake = await dashboard.shows('mistake', /time_out.*did you mean timeout\?/);
    const line = text.split('\n').length;
    await dashboard.press(`line ${line}`, mistake);
    const at = await editor().evaluate((area) => Reflect.get(area, 'selectionStart') as number);
    expect(at).toBe(text.length);
    expect(await findingsOf(window.page)).toEqual([]);
    expect(await dashboard.page.getByRole('button', { name: 'Save…' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    await dashboard.press('Start again');
    await dashboard.hides(dashboard.part('mistake'));
  });

  it('changes a setting by the form in the text, shows what changes, and saves it with the comments kept', async () => {
    await dashboard.page.getByLabel('log.level').selectOption('debug');
    await dashboard.page.getByLabel('timeout').fill('9');
    await dashboard.page.getByLabel('timeout').press('Enter');
    await dashboard.shows('change', /timeout.*after a restart/);
    await dashboard.press('Save…');
    await dashboard.shows('difference', /\+.*timeout: 9/s);
    await dashboard.answer('Save it');
    await dashboard.page.getByText('Waiting for a restart of Proxyfs').waitFor();
    expect(await file()).toMatch(/timeout: 9\n[^]*# mine\n/);
    expect(await findingsOf(window.page)).toEqual([]);
  });

  it('takes an earlier version back, and notices what an editor has written meanwhile', async () => {
    await dashboard.press('Take it into the editor', dashboard.part('version-row').first());
    // Before, as what was saved may still be shown as a change.
    await waitUntil(
      'the earlier text stands there',
      async () => !/timeout: 9/.test(await editor().inputValue()),
    );
    await dashboard.shows('change', /timeout/);
    await appendFile(appliance.configFile, '# by hand\n');
    await dashboard.press('Save…');
    await dashboard.answer('Save it');
    await dashboard.page.getByText('Could not save it').waitFor();
    expect(await file()).toContain('timeout: 9');
    await dashboard.press('Drop what is edited here, and take that');
    expect(await editor().inputValue()).toContain('# by hand');
  });
});
