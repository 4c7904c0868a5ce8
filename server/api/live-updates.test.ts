import { type Socket, io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ClientToServerEvents,
  EventEnvelope,
  EventPosition,
  ServerToClientEvents,
  SubscribeAnswer,
} from '../../shared/events.ts';
import { type ApiBench, TEST_TOKEN, startApiBench } from '../testing/api-bench.ts';
import { httpRequest } from '../testing/http-request.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { waitUntil as until } from '../testing/wait-until.ts';
import { SESSION_LIFE_MS } from './sessions.ts';

type Page = Socket<ServerToClientEvents, ClientToServerEvents>;

const BEARER = { authorization: `Bearer ${TEST_TOKEN}` };
const POLLING = '/socket.io/?EIO=4&transport=polling';
const WEBSOCKET = '/socket.io/?EIO=4&transport=websocket';
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

let bench: ApiBench;
let nowMs = 0;
const pages: Page[] = [];

beforeEach(async () => {
  nowMs = 0;
  bench = await startApiBench({
    controlPlane: new MemoryControlPlane({ ringSize: 1000 }),
    nowMs: () => nowMs,
  });
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.disconnect();
  await bench.stop();
});

function openPage(headers: Record<string, string> = BEARER, transports = ['websocket']): Page {
  const page: Page = io(bench.url, {
    extraHeaders: headers,
    transports,
    reconnection: false,
    forceNew: true,
  });
  pages.push(page);
  return page;
}

/** A page that has subscribed, and what it has heard. */
async function listeningPage(since?: EventPosition, page = openPage()) {
  const heard: EventEnvelope[] = [];
  const resets: EventPosition[] = [];
  page.on('events', (envelopes) => heard.push(...envelopes));
  page.on('reset', (position) => resets.push(position));
  const answer = await subscribe(page, since ? { since } : {});
  expect(answer).toEqual({ ok: true });
  return { page, heard, resets };
}

function subscribe(page: Page, request: { since?: EventPosition }): Promise<SubscribeAnswer> {
  return page.timeout(5000).emitWithAck('subscribe', request);
}

function publish(count: number): void {
  for (let each = 0; each < count; each += 1) bench.controlPlane.publish('tx.dropped', { n: each });
}

function seqsOf(envelopes: readonly EventEnvelope[]): number[] {
  return envelopes.map(({ seq }) => seq);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('the handshake', () => {
  const attempts = [
    { path: POLLING, headers: {} },
    { path: WEBSOCKET, headers: UPGRADE },
  ];

  it('refuses strangers, wrong tokens, other hosts and foreign origins, polling and websocket alike', async () => {
    for (const { path, headers } of attempts) {
      const status = async (more: Record<string, string>) =>
        (await httpRequest(bench.url + path, { headers: { ...headers, ...more } })).status;
      expect(await status({})).toBe(401);
      expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
      expect(await status({ cookie: 'proxyfs_session_80=wrong' })).toBe(401);
      expect(await status({ ...BEARER, host: 'rebound.example' })).toBe(421);
      expect(await status({ ...BEARER, origin: 'http://evil.example' })).toBe(403);
      expect(await status({ cookie: await bench.logIn(), origin: 'http://127.0.0.1:1' })).toBe(403);
      expect(await status(BEARER)).toBe(path === POLLING ? 200 : 101);
    }
  });

  it('takes a cookie for a websocket only from our own page', async () => {
    const cookie = await bench.logIn();
    const upgrade = (more: Record<string, string>) =>
      httpRequest(bench.url + WEBSOCKET, { headers: { ...UPGRADE, cookie, ...more } });
    expect((await upgrade({})).status).toBe(403);
    expect((await upgrade({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await upgrade({ origin: bench.url })).status).toBe(101);
  });

  it('is as strict about later polls as about the first', async () => {
    const first = await bench.call(POLLING);
    const { sid } = JSON.parse(first.body.slice(1)) as { sid: string };
    expect((await bench.stranger(`${POLLING}&sid=${sid}`)).status).toBe(401);
    expect((await bench.stranger(`${POLLING}&sid=${sid}`, { method: 'POST', body: '40' })).status).toBe(401);
    expect(first.headers['content-security-policy']).toContain('default-src');
  });

  it('counts wrong tokens together with those of the routes', async () => {
    const wrong = { headers: { authorization: 'Bearer wrong' } };
    for (let tries = 0; tries < 5; tries += 1) await bench.stranger(POLLING, wrong);
    expect((await bench.call('/api/v1/overview')).status).toBe(429);
  });
});

describe('a subscribed page', () => {
  it('hears every event in order, over websocket, polling and the switch between them', async () => {
    const origin = bench.url;
    const cookie = await bench.logIn();
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      const from = bench.controlPlane.position().seq + 1;
      const { heard } = await listeningPage(undefined, openPage({ cookie, origin }, transports));
      publish(450);
      await until('all events have arrived', () => heard.length >= 450);
      expect(seqsOf(heard)).toEqual(range(from, from + 449));
    }
  });

  it('gets what it missed while it was away', async () => {
    publish(30);
    const { heard, resets } = await listeningPage({ seq: 10, bootId: 'boot-1' });
    publish(1);
    await until('the missed and the new events', () => heard.length >= 21);
    expect(seqsOf(heard)).toEqual(range(11, 31));
    expect(resets).toEqual([]);
  });

  it('is told to start over when the ring has moved on, the run is another, or the position never was', async () => {
    publish(1500);
    const now = { seq: 1500, bootId: 'boot-1' };
    for (const since of [
      { seq: 10, bootId: 'boot-1' },
      { seq: 1490, bootId: 'boot-0' },
      { seq: 9999, bootId: 'boot-1' },
    ]) {
      const { resets, heard } = await listeningPage(since);
      await until('the reset', () => resets.length > 0);
      expect([resets, heard]).toEqual([[now], []]);
    }
  });

  it('goes on from the reset', async () => {
    const { resets, heard } = await listeningPage({ seq: 0, bootId: 'boot-0' });
    await until('the reset', () => resets.length > 0);
    publish(2);
    await until('the events after it', () => heard.length >= 2);
    expect(seqsOf(heard)).toEqual([1, 2]);
  });

  it('hears nothing more after unsubscribe', async () => {
    const quiet = await listeningPage();
    const other = await listeningPage();
    quiet.page.emit('unsubscribe');
    // Messages keep their order: the answer to a later one shows that the wish has arrived.
    expect(await subscribe(quiet.page, { since: { seq: -1, bootId: '' } })).toMatchObject({ ok: false });
    publish(3);
    await until('the other page hears them', () => other.heard.length >= 3);
    expect(quiet.heard).toEqual([]);
  });

  it('that reads slowly is told to start over, and costs no memory meanwhile', async () => {
    // A client that polls once and then never again has a connection without room.
    const first = await bench.call(POLLING);
    const { sid } = JSON.parse(first.body.slice(1)) as { sid: string };
    const poll = () => bench.call(`${POLLING}&sid=${sid}`);
    const send = (body: string) => bench.call(`${POLLING}&sid=${sid}`, { method: 'POST', body });
    await send('40');
    expect((await poll()).body).toContain('40{');
    await send('420["subscribe",{}]');
    expect((await poll()).body).toContain('430[{"ok":true}]');
    const other = await listeningPage();
    for (let wave = 1; wave <= 12; wave += 1) {
      publish(100);
      await until('the other page has heard this wave', () => other.heard.length === wave * 100);
    }
    const late = await poll();
    expect(late.body).toContain('"reset",{"seq":1200');
    expect(late.body.length).toBeLessThan(500);
  });
});

describe('what a page may send', () => {
  it('is checked: a malformed subscription is refused with the reason', async () => {
    const page = openPage();
    const wrong: unknown[] = [
      { since: { seq: -1, bootId: 'x' } },
      { since: 5 },
      { since: { seq: 1, bootId: 'boot-1', more: true } },
      { everything: true },
      'all',
      [],
    ];
    for (const request of wrong) {
      expect(await subscribe(page, request as { since?: EventPosition })).toMatchObject({ ok: false });
    }
    expect(page.connected).toBe(true);
  });

  it('is nothing but subscribe and unsubscribe', async () => {
    const { page } = await listeningPage();
    (page as Socket).emit('detach', 'web1');
    await until('the connection is ended', () => !page.connected);
  });

  it('is small', async () => {
    const { page } = await listeningPage();
    (page as Socket).emit('subscribe', 'x'.repeat(20_000));
    await until('the connection is ended', () => !page.connected);
  });

  it('does not break the server without the answer it could ask for', async () => {
    const { page } = await listeningPage();
    (page as Socket).emit('subscribe', { wrong: 1 }, 'no function', 7);
    (page as Socket).emit('subscribe');
    expect(await subscribe(page, {})).toEqual({ ok: true });
  });
});

describe('an open connection', () => {
  it('ends with the logout of its session, and others stay', async () => {
    const origin = bench.url;
    const [mine, other] = [await bench.logIn(), await bench.logIn()];
    const ended = await listeningPage(undefined, openPage({ cookie: mine, origin }));
    const stays = await listeningPage(undefined, openPage({ cookie: other, origin }));
    await bench.stranger('/api/v1/session', { method: 'DELETE', headers: { cookie: mine, origin } });
    await until('the connection is ended', () => !ended.page.connected);
    publish(1);
    await until('the other still hears', () => stays.heard.length === 1);
  });

  it('ends when its session has run out', async () => {
    const origin = bench.url;
    const { page } = await listeningPage(undefined, openPage({ cookie: await bench.logIn(), origin }));
    const byToken = await listeningPage();
    nowMs += SESSION_LIFE_MS;
    // Every logout looks through the open connections, as the clock does.
    const cookie = await bench.logIn();
    await bench.stranger('/api/v1/session', { method: 'DELETE', headers: { cookie, origin } });
    await until('the connection is ended', () => !page.connected);
    expect(byToken.page.connected).toBe(true);
  });

  it('hears that the server stops before it is closed', async () => {
    const { page, heard } = await listeningPage();
    bench.controlPlane.publish('server.stopping', { reason: 'SIGTERM' });
    await bench.stop();
    await until('the connection is ended', () => !page.connected);
    expect(heard.map(({ event }) => event)).toEqual(['server.stopping']);
  });
});
