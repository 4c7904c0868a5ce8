import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatList,
  formatMilliseconds,
  formatRelative,
  secondsUntil,
} from './quantities.ts';

describe('quantities', () => {
  it('writes sizes in binary units', () => {
    expect([0, 1023, 1024, 1536, 5 * 1024 ** 3, 2 ** 60].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1 KiB',
      '1.5 KiB',
      '5 GiB',
      '1024 PiB',
    ]);
  });

  it('writes no parts of a byte, which rates come with', () => {
    expect([172.233, 0.4, 1023.6, 1536.5].map(formatBytes)).toEqual(['172 B', '0 B', '1 KiB', '1.5 KiB']);
  });

  it('writes round trips with three digits', () => {
    expect([0.845, 12.34, 250.4, 1250].map(formatMilliseconds)).toEqual([
      '0.84 ms',
      '12.3 ms',
      '250 ms',
      '1.25 s',
    ]);
  });

  it('writes durations with at most two units', () => {
    expect([-5, 4_900, 185_000, 7_500_000, 529_200_000].map(formatDuration)).toEqual([
      '0 s',
      '4 s',
      '3 min',
      '2 h 5 min',
      '6 d 3 h',
    ]);
  });

  it('tells the past from the future', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(formatRelative(now, now)).toBe('just now');
    expect(formatRelative(now - 12_000, now)).toBe('12 s ago');
    expect(formatRelative(now + 180_000, now)).toBe('in 3 min');
  });

  it('counts down in whole seconds, then stays at zero', () => {
    expect([5_000, 4_001, 1, 0, -900].map((leftMs) => secondsUntil(leftMs, 0))).toEqual([5, 4, 0, 0, 0]);
  });

  it('writes exact times that read back as the same instant', () => {
    const at = Date.UTC(2026, 10, 22, 15, 56, 4, 120);
    const exact = formatExact(at);
    expect(exact).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.120 [+-]\d\d:\d\d$/);
    const [day, time, zone] = exact.split(' ');
    expect(Date.parse(`${day}T${time}${zone}`)).toBe(at);
    expect(formatExact(Number.NaN)).toBe('unknown');
  });

  it('counts with the right number', () => {
    expect(formatCount(1, 'mirror')).toBe('1 mirror');
    expect(formatCount(1234, 'entry', 'entries')).toBe('1,234 entries');
  });

  it('lists names and says how many it left out', () => {
    expect(formatList(['a'])).toBe('a');
    expect(formatList(['a', 'b', 'c'])).toBe('a, b and c');
    expect(formatList(['a', 'b', 'c', 'd', 'e'])).toBe('a, b and 3 more');
    expect(formatList([])).toBe('');
  });
});
