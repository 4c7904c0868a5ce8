import { describe, expect, it } from 'vitest';
import type { Overview } from '../../../shared/api.ts';
import type { EventEnvelope } from '../../../shared/events.ts';
import { LiveOverview } from './live-overview.ts';

function overview(seq: number, bootId = 'boot-1'): Overview {
  return {
    mode: 'read-write',
    reason: `fetched at ${seq}`,
    mount: { point: '/mnt', driver: 'kernel', driverReason: 'run by root, who may mount', mounted: true },
    mirrors: [],
    inFlight: { count: 0, items: [] },
    recent: [],
    outcomes24h: { committed: 0, rolledBack: 0 },
    counters: { committed: 0, rolledBack: 0, retries: 0, missingInHistory: 0 },
    attention: [],
    seq,
    bootId,
    version: '0.1.0',
  };
}

function events(from: number, to: number): EventEnvelope[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    at: '2026-01-01T00:00:00.000Z',
    event: 'appliance.mode',
    data: { mode: 'blocked', reason: `event ${from + index}` },
  }));
}

function started(seq: number): LiveOverview {
  const live = new LiveOverview();
  live.fetched(overview(seq));
  return live;
}

describe('LiveOverview', () => {
  it('holds events back until it is flushed', () => {
    const live = started(5);
    live.receive(events(6, 8));
    expect(live.live?.overview.seq).toBe(5);
    expect(live.flush()).toBe(true);
    expect(live.live?.overview.reason).toBe('event 8');
    expect(live.position).toEqual({ seq: 8, bootId: 'boot-1' });
    expect(live.flush()).toBe(false);
  });

  it('applies events that came before the first overview, once it is there', () => {
    const live = new LiveOverview();
    live.receive(events(1, 7));
    expect(live.flush()).toBe(false);
    expect(live.fetched(overview(5)).overview.reason).toBe('event 7');
  });

  it('passes over events that the overview already holds', () => {
    const live = started(5);
    live.receive(events(3, 5));
    expect(live.flush()).toBe(false);
    expect(live.live?.overview.reason).toBe('fetched at 5');
  });

  it('carries an overview that is older than the events up to the newest of them', () => {
    const live = started(5);
    live.receive(events(6, 9));
    live.flush();
    expect(live.fetched(overview(7)).overview).toMatchObject({ seq: 9, reason: 'event 9' });
    expect(live.needsRefetch).toBe(false);
  });

  it('changes nothing after a gap until it is refetched, then goes on from there', () => {
    const live = started(5);
    live.receive(events(7, 8));
    expect(live.flush()).toBe(false);
    expect(live.needsRefetch).toBe(true);
    expect(live.live?.overview.seq).toBe(5);
    live.receive(events(9, 9));
    expect(live.fetched(overview(7)).overview).toMatchObject({ seq: 9, reason: 'event 9' });
    expect(live.needsRefetch).toBe(false);
  });

  it('goes on with the new run of a restarted server, and refuses a late answer of the old one', () => {
    const live = started(100);
    live.receive(events(101, 102));
    live.reset({ seq: 3, bootId: 'boot-2' });
    live.receive(events(4, 5));
    expect(live.flush()).toBe(false);
    expect(live.fetched(overview(110)).overview.bootId).toBe('boot-1');
    expect(live.needsRefetch).toBe(true);
    expect(live.fetched(overview(4, 'boot-2')).overview).toMatchObject({ seq: 5, reason: 'event 5' });
    expect(live.needsRefetch).toBe(false);
  });

  it('takes a new run over even when the fetch hears of it before the socket does', () => {
    const live = started(100);
    live.receive(events(101, 102));
    expect(live.fetched(overview(2, 'boot-2')).overview).toMatchObject({ seq: 2, bootId: 'boot-2' });
    live.receive(events(3, 3));
    expect(live.flush()).toBe(true);
  });

  it('keeps a bounded number of events and refetches when that was not enough', () => {
    const live = started(0);
    live.receive(events(1, 20_000));
    expect(live.flush()).toBe(false);
    expect(live.needsRefetch).toBe(true);
    expect(live.fetched(overview(19_000)).overview.seq).toBe(20_000);
  });

  it('keeps what it knows when an overview is too old to be carried on', () => {
    const live = started(0);
    for (let seq = 1; seq <= 12_000; seq += 1000) {
      live.receive(events(seq, seq + 999));
      live.flush();
    }
    expect(live.fetched(overview(10)).overview.seq).toBe(12_000);
    expect(live.needsRefetch).toBe(false);
  });
});
