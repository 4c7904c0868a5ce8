import { describe, expect, test } from 'vitest';
import { LINK_STATES } from '../../shared/states.ts';
import { AppError } from '../base/errors.ts';
import { backoffMs } from './backoff.ts';
import { firstLink, type LinkEvent, type LinkStatus, nextLink } from './link-state.ts';
import { RoundTrips } from './round-trips.ts';

const CAPABILITIES = {
  atomicRename: true,
  fsync: true,
  hardLinks: true,
  lsetstat: true,
  statvfs: true,
  owners: false,
  maxWriteBytes: 32_768,
  writable: true,
  clockAheadMs: 0,
  bootId: undefined,
};
const FAILURE = new AppError('MIRROR_UNREACHABLE', 'connection refused');
const ATTEMPT: LinkEvent = { kind: 'attempt' };
const UP: LinkEvent = { kind: 'up', capabilities: CAPABILITIES };
const DOWN: LinkEvent = { kind: 'down', error: FAILURE };

function after(...events: LinkEvent[]): LinkStatus {
  return events.reduce((link, event, index) => nextLink(link, event, index + 1), firstLink(0));
}

describe('the state of a link', () => {
  test('goes from down over connecting to up, and forgets the old reason there', () => {
    expect(after()).toEqual({ state: 'down', sinceMs: 0 });
    expect(after(ATTEMPT)).toEqual({ state: 'connecting', sinceMs: 1 });
    expect(after(ATTEMPT, DOWN, ATTEMPT, UP)).toEqual({
      state: 'up',
      sinceMs: 4,
      capabilities: CAPABILITIES,
    });
  });

  test('shows the last failure while down and while connecting again', () => {
    const reason = { code: 'MIRROR_UNREACHABLE', message: 'connection refused' } as const;
    expect(after(ATTEMPT, DOWN)).toEqual({ state: 'down', sinceMs: 2, reason });
    const again: LinkStatus = { state: 'connecting', sinceMs: 3, downSinceMs: 2, reason };
    expect(after(ATTEMPT, DOWN, ATTEMPT)).toEqual(again);
    expect(after(ATTEMPT, DOWN, ATTEMPT, DOWN)).toEqual({ state: 'down', sinceMs: 2, reason });
    expect(after(ATTEMPT, UP, DOWN)).toEqual({ state: 'down', sinceMs: 3, reason });
  });

  test('is disabled from anywhere, and only enabling ends that', () => {
    for (const events of [[], [ATTEMPT], [ATTEMPT, UP], [ATTEMPT, DOWN]]) {
      const disabled = after(...events, { kind: 'disable' });
      expect(disabled.state).toBe('disabled');
      expect(nextLink(disabled, { kind: 'disable' }, 99)).toBe(disabled);
      expect(() => nextLink(disabled, ATTEMPT, 99)).toThrow(/disabled takes attempt/);
      expect(nextLink(disabled, { kind: 'enable' }, 99)).toEqual({ state: 'down', sinceMs: 99 });
    }
  });

  test('can be stopped in every state', () => {
    const stop: LinkEvent = { kind: 'stop', error: FAILURE };
    const ways = [[ATTEMPT], [ATTEMPT, UP], [], [{ kind: 'disable' } as const]];
    expect(ways.map((events) => after(...events).state).toSorted()).toEqual([...LINK_STATES].toSorted());
    for (const events of ways) expect(after(...events, stop).state).toBe('down');
  });

  test('never comes up without an attempt', () => {
    expect(() => after(UP)).toThrow();
    expect(() => after(ATTEMPT, UP, ATTEMPT)).toThrow();
  });
});

describe('the wait before the next attempt', () => {
  test('is as long as the mirror has been away, from a quarter of a second to half a minute', () => {
    const longest = [0, 300, 8000, 40_000].map((awayMs) => backoffMs(awayMs, 'MIRROR_UNREACHABLE', () => 1));
    expect(longest).toEqual([250, 300, 8000, 30_000]);
  });

  test('has jitter over its upper half', () => {
    const shortest = [0, 300, 40_000].map((awayMs) => backoffMs(awayMs, 'MIRROR_TIMEOUT', () => 0));
    expect(shortest).toEqual([125, 150, 15_000]);
  });

  test('is long at once where only an operator can help', () => {
    for (const code of [
      'HOST_KEY_CHANGED',
      'LOGIN_REFUSED',
      'FOREIGN_REPLICA',
      'MIRROR_UNSUITABLE',
    ] as const) {
      expect(backoffMs(0, code, () => 0)).toBe(30_000);
    }
  });
});

describe('round trips', () => {
  test('are undefined before the first, and summed up by the nearest rank', () => {
    const trips = new RoundTrips();
    expect(trips.summary()).toBeUndefined();
    for (let ms = 100; ms >= 1; ms--) trips.add(ms);
    expect(trips.summary()).toEqual({ p50: 50, p95: 95 });
  });

  test('forget the oldest', () => {
    const trips = new RoundTrips();
    for (let index = 0; index < 1000; index++) trips.add(1000);
    for (let index = 0; index < 256; index++) trips.add(1);
    expect(trips.summary()).toEqual({ p50: 1, p95: 1 });
  });
});
