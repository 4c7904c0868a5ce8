import { describe, expect, it } from 'vitest';
import type { MirrorView, Overview } from '../../../shared/api.ts';
import { oldestAnswerMs, summarise } from './summary.ts';

function mirror(id: string, change: Partial<MirrorView> = {}): MirrorView {
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id,
    host: 'h',
    port: 22,
    path: '/srv',
    required: true,
    detached: false,
    joining: false,
    link: 'up',
    content: 'in-sync',
    linkSince: at,
    contentSince: at,
    stalePaths: 0,
    rttMs: null,
    freeBytes: null,
    capabilities: null,
    lastOkAt: at,
    lastScrubAt: null,
    ...change,
  };
}

function overview(mirrors: MirrorView[], change: Partial<Overview> = {}): Overview {
  return {
    mode: 'read-write',
    reason: '',
    mount: { point: '/mnt', driver: 'kernel', driverReason: 'run by root, who may mount', mounted: true },
    mirrors,
    inFlight: { count: 0, items: [] },
    recent: [],
    outcomes24h: { committed: 0, rolledBack: 0 },
    counters: { committed: 0, rolledBack: 0, retries: 0, missingInHistory: 0 },
    attention: [],
    seq: 0,
    bootId: 'b',
    version: '0',
    ...change,
  };
}

const mirrorsOf = (...mirrors: MirrorView[]) => summarise(overview(mirrors)).mirrors;

describe('summarise', () => {
  it('says that writing works only when something is mounted', () => {
    expect(summarise(overview([])).writing).toBe('You can read and write.');
    const mount = {
      point: '/mnt',
      driver: 'kernel',
      driverReason: 'run by root, who may mount',
      mounted: false,
    };
    expect(summarise(overview([], { mount })).writing).toMatch(/Nothing is mounted/);
    expect(summarise(overview([], { mode: 'blocked' })).writing).toMatch(/^Writes do not succeed now/);
  });

  it('says that all are in sync only when each is connected and in sync', () => {
    expect(mirrorsOf(mirror('a'))).toBe('The mirror is in sync.');
    expect(mirrorsOf(mirror('a'), mirror('b'))).toBe('Both mirrors are in sync.');
    expect(mirrorsOf(mirror('a'), mirror('b'), mirror('c'))).toBe('All 3 mirrors are in sync.');
    for (const change of [
      { link: 'down' },
      { link: 'connecting' },
      { content: 'stale' },
      { content: 'unknown' },
      { content: 'resyncing' },
      { detached: true, link: 'disabled' },
    ] as const) {
      expect(mirrorsOf(mirror('a'), mirror('b', change))).toMatch(/^1 of 2 mirrors in sync: b /);
    }
  });

  it('names each mirror that is behind once, with what is wrong', () => {
    const sentence = mirrorsOf(
      mirror('a', { content: 'stale', link: 'down' }),
      mirror('b', { content: 'stale' }),
      mirror('c', { link: 'down' }),
      mirror('d', { detached: true, content: 'stale', link: 'disabled' }),
      mirror('e'),
    );
    expect(sentence).toBe('1 of 5 mirrors in sync: a and b are stale; c cannot be asked; d is detached.');
  });

  it('says that changes stay here when there is no mirror', () => {
    expect(mirrorsOf()).toMatch(/changes are kept here only/);
  });

  it('counts what needs somebody', () => {
    const item = { severity: 'warning', code: 'NO_SPACE', message: '', openedAt: '' } as const;
    const count = (n: number) =>
      summarise(overview([], { attention: Array.from({ length: n }, (_, i) => ({ ...item, id: `${i}` })) }))
        .attention;
    expect([0, 1, 2].map(count)).toEqual([
      'Nothing needs you.',
      'One thing needs you.',
      '2 things need you.',
    ]);
  });
});

describe('oldestAnswerMs', () => {
  it('is that of the mirror heard longest ago, not counting detached ones', () => {
    const old = mirror('a', { lastOkAt: '2025-01-01T00:00:00.000Z' });
    expect(oldestAnswerMs([mirror('b'), old])).toBe(Date.UTC(2025, 0, 1));
    expect(oldestAnswerMs([mirror('b'), { ...old, detached: true }])).toBe(Date.UTC(2026, 0, 1));
  });

  it('is unknown when an attached mirror was never heard, or there is none', () => {
    expect(oldestAnswerMs([mirror('a'), mirror('b', { lastOkAt: null })])).toBeUndefined();
    expect(oldestAnswerMs([])).toBeUndefined();
  });
});
