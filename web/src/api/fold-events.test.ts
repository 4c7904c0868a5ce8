import { describe, expect, it } from 'vitest';
import {
  type Overview,
  type TransactionView,
  mirrorViewSchema,
  overviewSchema,
  transactionViewSchema,
} from '../../../shared/api.ts';
import type { EventEnvelope, EventName, EventPayloads } from '../../../shared/events.ts';
import { LISTED_TRANSACTIONS, type Live, foldEvent } from './fold-events.ts';

const AT = '2026-01-01T00:00:00.000Z';

function transaction(id: string, change: Partial<TransactionView> = {}): TransactionView {
  const participants = [{ mirror: 'web1', state: 'applying', attempt: 1, attempts: 2 }];
  const base = { id, operation: 'write', path: '/a', state: 'applying', startedAt: AT, participants };
  return transactionViewSchema.parse({ ...base, ...change });
}

const MIRROR = mirrorViewSchema.parse({
  id: 'web1',
  host: 'web1.example',
  port: 22,
  path: '/srv/www',
  required: true,
  detached: false,
  joining: false,
  link: 'up',
  content: 'in-sync',
  linkSince: AT,
  contentSince: AT,
  stalePaths: 0,
  rttMs: null,
  freeBytes: null,
  capabilities: null,
  lastOkAt: null,
  lastScrubAt: null,
});

function overview(change: Partial<Overview> = {}): Overview {
  return overviewSchema.parse({
    mode: 'read-write',
    reason: '',
    mount: { point: '/mnt', driver: 'kernel', driverReason: 'run by root, who may mount', mounted: true },
    mirrors: [MIRROR],
    inFlight: { count: 0, items: [] },
    recent: [],
    outcomes24h: { committed: 0, rolledBack: 0 },
    counters: { committed: 0, rolledBack: 0, retries: 0, missingInHistory: 0 },
    attention: [],
    seq: 0,
    bootId: 'boot',
    version: '0.1.0',
    ...change,
  });
}

function after(
  start: Overview,
  ...events: { [Name in EventName]: [Name, EventPayloads[Name]] }[EventName][]
): Live {
  return events.reduce<Live>(
    (live, [event, data], index) =>
      foldEvent(live, { seq: start.seq + index + 1, at: AT, event, data } as EventEnvelope),
    { overview: start, unlisted: 0 },
  );
}

describe('foldEvent', () => {
  it('follows a transaction from start over a retry to its end', () => {
    const error = { code: 'MIRROR_TIMEOUT', message: 'no answer' } as const;
    const retry = { id: 't', mirror: 'web1', attempt: 1, attempts: 2, nextRetryAt: AT, error };
    const waiting = after(overview(), ['tx.started', transaction('t')], ['tx.retry', retry]).overview;
    expect(waiting.inFlight.count).toBe(1);
    expect(waiting.inFlight.items[0]?.participants).toEqual([
      { mirror: 'web1', state: 'retrying', attempt: 1, attempts: 2, nextRetryAt: AT, error },
    ]);

    const ended = transaction('t', { state: 'committed', outcome: 'committed', endedAt: AT });
    const done = after(waiting, ['tx.ended', ended]).overview;
    expect(done.inFlight).toEqual({ count: 0, items: [] });
    expect(done.recent).toEqual([ended]);
    expect(done.seq).toBe(3);
  });

  it('replaces what progress names and leaves other transactions alone', () => {
    const { items } = after(
      overview(),
      ['tx.started', transaction('a')],
      ['tx.started', transaction('b')],
      ['tx.progress', { id: 'a', state: 'undoing', participants: [] }],
    ).overview.inFlight;
    expect(items.map(({ id, state, participants }) => [id, state, participants.length])).toEqual([
      ['b', 'applying', 1],
      ['a', 'undoing', 0],
    ]);
  });

  it('keeps a bounded number of transactions and an exact count', () => {
    const started = Array.from({ length: 300 }, (_, index) => transaction(`t${index}`));
    const { inFlight } = after(
      overview(),
      ...started.map((each) => ['tx.started', each] as ['tx.started', TransactionView]),
    ).overview;
    expect(inFlight.items).toHaveLength(LISTED_TRANSACTIONS);
    expect(inFlight.items[0]?.id).toBe('t299');
    expect(inFlight.count).toBe(300);
    const ends = started.map(
      (each) => ['tx.ended', { ...each, outcome: 'committed' }] as ['tx.ended', TransactionView],
    );
    const done = after(overview({ inFlight }), ...ends).overview;
    expect(done.recent).toHaveLength(LISTED_TRANSACTIONS);
    expect(done.inFlight.count).toBe(0);
  });

  it('still counts one that waits while others, too short to be announced, end', () => {
    const ended = transaction('short', { outcome: 'committed' });
    const waiting = overview({ inFlight: { count: 1, items: [transaction('waits')] } });
    expect(after(waiting, ['tx.ended', ended]).overview.inFlight).toEqual(waiting.inFlight);
  });

  it('lists a transaction once though its start and end are told twice', () => {
    const one = transaction('t');
    const ended = transaction('t', { outcome: 'rolled-back' });
    const state = after(overview({ inFlight: { count: 1, items: [one] }, recent: [ended] }), [
      'tx.started',
      one,
    ]);
    expect(state.overview.inFlight).toEqual({ count: 1, items: [one] });
    expect(after(state.overview, ['tx.ended', ended]).overview.recent).toHaveLength(1);
  });

  it('clears what is listed when the counters say that nothing is in flight', () => {
    const counters = { committed: 5, rolledBack: 1, retries: 2, missingInHistory: 0 };
    const { overview: now } = after(
      overview(),
      ['tx.started', transaction('t')],
      ['counters', { ...counters, inFlight: 0 }],
    );
    expect(now.inFlight).toEqual({ count: 0, items: [] });
    expect(now.counters).toEqual(counters);
  });

  it('counts the outcomes of the day on by what ended since', () => {
    const counters = { committed: 5, rolledBack: 1, retries: 0, missingInHistory: 0, inFlight: 0 };
    const start = overview({ outcomes24h: { committed: 100, rolledBack: 10 } });
    const { overview: now } = after(
      start,
      ['counters', counters],
      ['counters', { ...counters, committed: 7 }],
    );
    expect(now.outcomes24h).toEqual({ committed: 107, rolledBack: 11 });
  });

  it('changes a mirror in place, adds a new one, and merges its health', () => {
    const other = { ...MIRROR, id: 'web0' };
    const health = { id: 'web1', rttMs: { p50: 1, p95: 2 }, freeBytes: 7, stalePaths: 3, lastOkAt: AT };
    const { mirrors } = after(
      overview(),
      ['mirror.state', other],
      ['mirror.state', { ...MIRROR, link: 'down' }],
      ['mirror.health', health],
    ).overview;
    expect(mirrors.map(({ id }) => id)).toEqual(['web1', 'web0']);
    expect(mirrors[0]).toMatchObject({ link: 'down', ...health });
  });

  it('lists what needs somebody once, as it was told last, until it is over', () => {
    const item = {
      id: 'mirror/web1',
      severity: 'critical',
      code: 'MIRROR_TIMEOUT',
      message: 'no answer',
      openedAt: AT,
    } as const;
    const opened = after(overview(), ['attention.opened', item]).overview;
    const told = after(
      opened,
      ['attention.opened', { ...item, id: 'mode' }],
      ['attention.changed', { ...item, message: 'refused' }],
      ['attention.opened', item],
      ['attention.changed', { ...item, message: 'refused' }],
    ).overview;
    expect(opened.attention).toEqual([item]);
    expect(told.attention.map(({ id, message }) => [id, message])).toEqual([
      ['mode', 'no answer'],
      ['mirror/web1', 'refused'],
    ]);
    const over = after(told, ['attention.closed', { id: 'mirror/web1' }]).overview;
    expect(over.attention.map(({ id }) => id)).toEqual(['mode']);
  });

  it('takes over the mode, and stopping as one', () => {
    const blocked = after(overview(), [
      'appliance.mode',
      { mode: 'blocked', reason: 'web1 is down' },
    ]).overview;
    expect([blocked.mode, blocked.reason]).toEqual(['blocked', 'web1 is down']);
    const stopping = after(blocked, ['server.stopping', { reason: 'SIGTERM' }]).overview;
    expect([stopping.mode, stopping.reason]).toEqual(['stopping', 'SIGTERM']);
  });

  it('counts what was too fast to list', () => {
    expect(after(overview(), ['tx.dropped', { n: 4 }], ['tx.dropped', { n: 5 }]).unlisted).toBe(9);
  });

  it('passes over an event of a newer server, but counts it', () => {
    const unknown = { seq: 1, at: AT, event: 'log.lines', data: {} } as unknown as EventEnvelope;
    const live = foldEvent({ overview: overview(), unlisted: 0 }, unknown);
    expect(live.overview).toEqual(overview({ seq: 1 }));
  });
});
