import { expect, it } from 'vitest';
import { formatBytes, formatDuration } from './quantities.ts';

it('shows sizes in the unit that keeps them short', () => {
  const shown = [0, 1, 1023, 1024, 1536, 102_400, 5 * 1024 ** 3, 2 ** 60].map(formatBytes);
  expect(shown).toEqual(['0 B', '1 B', '1023 B', '1.0 KiB', '1.5 KiB', '100 KiB', '5.0 GiB', '1024 PiB']);
});

it('shows spans in their two largest units', () => {
  const spans = [0, 12.4, 999, 1000, 59_400, 200_000, 3_725_000, 90_000_000].map(formatDuration);
  expect(spans).toEqual(['0 ms', '12 ms', '999 ms', '1 s', '59 s', '3 min 20 s', '1 h 2 min', '1 d 1 h']);
});
