import { type Socket, io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../shared/audit.ts';
import type {
  ClientToServerEvents,
  EventEnvelope,
  RecordPayloads,
  ServerToClientEvents,
  SubscribeAnswer,
} from '../../shared/events.ts';
import type { LogLevel } from '../../shared/log.ts';
import type { Subscription } from '../../shared/requests.ts';
import { LogRing } from '../base/log-ring.ts';
import { jsonLogger, type Logger } from '../base/logger.ts';
import { type ApiBench, startApiBench, TEST_TOKEN } from '../testing/api-bench.ts';
import { waitUntil } from '../testing/wait-until.ts';

/** What a page hears at most at a time, and what the ring keeps. */
const BATCH_LINES = 100;
const KEPT_LINES = 2000;
const JSON_TYPE = { 'content-type': 'application/json' };

let bench: ApiBench;
let log: LogRing;
let logger: Logger;
const pages: Socket[] = [];

beforeEach(async () => {
  log = new LogRing();
  logger = jsonLogger('debug', (line) => log.add(line));
  bench = await startApiBench({ log, logger });
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.disconnect();
  await bench.stop();
});

/** A connected page, and what it has heard. */
function openPage(token = TEST_TOKEN) {
  const page: Socket<ServerToClientEvents, ClientToServerEvents> = io(bench.url, {
    extraHeaders: { authorization: `Bearer ${token}` },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
  });
  pages.push(page as Socket);
  const batches: RecordPayloads['log.lines'][] = [];
  const entries: AuditEntry[] = [];
  const events: EventEnvelope[] = [];
  page.on('log.lines', (batch) => batches.push(batch));
  page.on('audit.entry', (entry) => entries.push(entry));
  page.on('events', (envelopes) => events.push(...envelopes));
  const subscribe = (wanted: Subscription): Promise<SubscribeAnswer> =>
    page.timeout(5000).emitWithAck('subscribe', wanted);
  const lines = () => batches.flatMap(({ items }) => items.map(({ event }) => event));
  return { page, batches, entries, events, subscribe, lines };
}

function logFrom(after: number, level: LogLevel = 'info', bootId: string = log.bootId): Subscription {
  return { log: { after, bootId, level } };
}

function write(count: number, event = 'line'): void {
  for (let k = 1; k <= count; k += 1) logger.info(`${event}-${k}`);
}

describe('a page that follows the log', () => {
  it('hears what came since, of its level and worse, and no other page hears it', async () => {
    write(3, 'before');
    const [mine, other, onlyWarnings] = [openPage(), openPage(), openPage()];
    expect(await mine.subscribe(logFrom(1))).toEqual({ ok: true });
    await other.subscribe({});
    await onlyWarnings.subscribe(logFrom(0, 'warn'));
    logger.debug('noise');
    logger.warn('trouble');
    bench.controlPlane.publish('tx.dropped', { n: 1 });
    await waitUntil('the line of now', () => mine.lines().includes('trouble'));
    await waitUntil('the warning', () => onlyWarnings.lines().length > 0);
    await waitUntil('the event', () => other.events.length > 0);
    expect(mine.lines()).toEqual(['before-2', 'before-3', 'trouble']);
    expect(mine.batches.at(-1)).toMatchObject({ seq: 5, bootId: log.bootId, level: 'info' });
    expect(onlyWarnings.lines()).toEqual(['trouble']);
    expect(other.batches).toEqual([]);
  });

  it('hears no more than so many lines at a time, however many there are, each in its turn', async () => {
    const { subscribe, batches, lines } = openPage();
    await subscribe(logFrom(0));
    write(3 * KEPT_LINES);
    await waitUntil('the last line has come', () => lines().at(-1) === `line-${3 * KEPT_LINES}`, 20_000);
    expect(Math.max(...batches.map(({ items }) => items.length))).toBe(BATCH_LINES);
    // What the log itself doesn't keep any more is left out.
    expect(lines()).toHaveLength(KEPT_LINES);
    expect(lines()[0]).toBe(`line-${2 * KEPT_LINES + 1}`);
  });

  it('never brings about lines by hearing lines', async () => {
    const { subscribe, lines } = openPage();
    await subscribe(logFrom(0, 'debug'));
    for (const word of ['one', 'two', 'three']) {
      logger.debug(word);
      await waitUntil(`${word} has come`, () => lines().includes(word));
    }
    expect(lines()).toEqual(['one', 'two', 'three']);
    expect(log.read({ level: 'debug', limit: 10 }).seq).toBe(3);
  });

  it('goes on where it was after a lost connection, and at the beginning of another run', async () => {
    write(5);
    const [back, restarted] = [openPage(), openPage()];
    await back.subscribe(logFrom(4));
    await restarted.subscribe(logFrom(1234, 'info', 'the run before'));
    await waitUntil('all have come', () => back.lines().length > 0 && restarted.lines().length > 0);
    expect(back.lines()).toEqual(['line-5']);
    expect(restarted.lines()).toHaveLength(5);
  });

  it('hears no more of it once it wants something else, and loses no event by that', async () => {
    const { page, subscribe, batches, events, entries } = openPage();
    await subscribe({ since: { seq: 0, bootId: 'boot-1' }, ...logFrom(0) });
    bench.controlPlane.publish('tx.dropped', { n: 1 });
    await subscribe({ audit: true });
    write(1);
    bench.controlPlane.publish('tx.dropped', { n: 2 });
    await bench.call('/api/v1/mode', { method: 'POST', headers: JSON_TYPE, body: '{"mode":"readOnly"}' });
    await waitUntil('entry and events', () => entries.length > 0 && events.length >= 2);
    expect([batches, events.map(({ seq }) => seq)]).toEqual([[], [1, 2]]);
    page.emit('unsubscribe');
    await subscribe(logFrom(log.read({ level: 'debug', limit: 1 }).seq));
    write(1, 'again');
    await waitUntil('the log is followed again', () => batches.length > 0);
  });
});

describe('a page that follows the audit', () => {
  it('hears of each change from now on', async () => {
    const change = (mode: string) =>
      bench.call('/api/v1/mode', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ mode }) });
    await change('readOnly');
    const { subscribe, entries } = openPage();
    await subscribe({ audit: true });
    await change('readWrite');
    await change('nonsense');
    await waitUntil('both are told', () => entries.length === 2);
    expect(entries).toMatchObject([
      { id: 2, route: '/api/v1/mode', status: 200, by: 'token' },
      { id: 3, route: '/api/v1/mode', status: 400 },
    ]);
  });
});

describe('who may not read log and audit', () => {
  it.each(['read', 'operate'])(
    'with a token that may %s, is refused, and hears the events',
    async (scope) => {
      const body = JSON.stringify({ name: 'robot', scope });
      const made = await bench.call('/api/v1/tokens', { method: 'POST', headers: JSON_TYPE, body });
      const { token } = JSON.parse(made.body) as { token: string };
      const { subscribe, batches, entries, events } = openPage(token);
      const refusal = { ok: false, message: expect.stringContaining('scope admin') };
      expect(await subscribe(logFrom(0))).toEqual(refusal);
      expect(await subscribe({ audit: true })).toEqual(refusal);
      expect(await subscribe({})).toEqual({ ok: true });
      const admin = openPage();
      await admin.subscribe({ ...logFrom(0), audit: true });
      write(1);
      await bench.call('/api/v1/mode', { method: 'POST', headers: JSON_TYPE, body: '{"mode":"readOnly"}' });
      await waitUntil('who may has heard both', () => admin.entries.length > 0 && admin.batches.length > 0);
      bench.controlPlane.publish('tx.dropped', { n: 1 });
      await waitUntil('the event', () => events.length > 0);
      expect([batches, entries]).toEqual([[], []]);
    },
  );
});
