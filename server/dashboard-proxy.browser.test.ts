import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { TestBrowser } from './testing/browser.ts';
import { Dashboard } from './testing/dashboard.ts';
import { ReverseProxy } from './testing/reverse-proxy.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';

const PATH = '/intern/files';

let mirror: SshdMirror;
let browser: TestBrowser;
let appliance: ApplianceProcess;
let proxy: ReverseProxy;

beforeAll(async () => {
  browser = await TestBrowser.start();
});
beforeEach(async () => {
  mirror = await startSshdMirror({ name: 'web1' });
});
afterEach(async () => {
  await proxy?.stop();
  await appliance?.stop();
  await mirror.stop();
});
afterAll(async () => {
  await browser?.stop();
});

describe.each([
  ['takes its part of the path off', { takesOff: true, configuration: {} }],
  ['passes the whole path on', { takesOff: false, configuration: { http: { base_path: PATH } } }],
])('behind a proxy that %s', (_, { takesOff, configuration }) => {
  it('the dashboard signs in, goes from page to page and hears what happens', async () => {
    appliance = new ApplianceProcess({ mirrors: [mirror.config()], configuration });
    await appliance.start();
    proxy = await ReverseProxy.start(new URL(appliance.url).origin, { path: PATH, takesOff });
    const window = await browser.open();
    const dashboard = new Dashboard(window.page, proxy.url);
    await window.page.goto(`${proxy.url}mirrors/web1`);
    await dashboard.submitToken('wrong');
    await window.page.getByText('not valid').waitFor();
    await dashboard.submitToken(appliance.token);
    await dashboard.shows('state', 'You can read and write.');
    expect(window.page.url()).toBe(proxy.url);
    await dashboard.goTo('Log');
    await dashboard.shows('log-line', 'mirror-up');
    expect(window.page.url()).toBe(`${proxy.url}log`);
    await window.page.reload();
    await dashboard.goTo('Overview');
    // Live, over a websocket that was upgraded through the proxy.
    await appliance.api('/api/v1/mirrors/web1/detach', { method: 'POST' });
    await dashboard.mirrorShows('web1', 'link', /detached/i, 4000);
    await appliance.api('/api/v1/mirrors/web1/attach', { method: 'POST' });
    expect(window.problems).toEqual([]);
    await window.page.close();
  });
});
