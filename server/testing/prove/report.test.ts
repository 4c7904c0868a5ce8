import { describe, expect, it } from 'vitest';
import type { Row } from '../bench/table.ts';
import { barChart } from './bar-chart.ts';
import { chartOf, isGreen, type Proof, reportOf } from './report.ts';
import { runSection, type SectionResult } from './section-run.ts';
import { environmentOf, SECTIONS } from './sections.ts';

const SECTION = {
  name: 'Cancelling',
  promises: 'P4',
  what: 'tries cancelling',
  files: ['server/base/cancellation'],
};
const GOOD: SectionResult = {
  section: SECTION,
  passed: 3,
  skipped: 0,
  failed: [],
  figures: ['seed 7: 12 calls'],
  elapsedMs: 90_000,
};
const ROWS: readonly Row[] = [
  { what: 'new files', proxyfs: '500/s', other: '`sshfs` to one: 1000/s', times: 0.5, of: 'the rate' },
  { what: 'no peer', proxyfs: '1/s', other: 'rclone is not installed', of: 'the rate' },
];

function proofOf(results: readonly SectionResult[]): Proof {
  const startedAt = new Date(0);
  return { version: '1.2.3', commit: 'abc', minutes: 5, startedAt, elapsedMs: 120_000, results, rows: ROWS };
}

describe('the report', () => {
  it('sums up what was proved, with figures, seeds and ratios', () => {
    const text = reportOf(proofOf([GOOD]), 'proof.svg');
    expect(text).toContain('All of it holds: 3 tests passed, 0 failed, in 2.0 minutes.');
    expect(text).toContain('| Cancelling | P4 | tries cancelling | 3 | 0 | 1.5 min |');
    expect(text).toContain('- Cancelling: seed 7: 12 calls');
    expect(text).toContain('| new files | 500/s | `sshfs` to one: 1000/s | 0.50 x the rate |');
    expect(text).toContain('| no peer | 1/s | rclone is not installed | - |');
    expect(text).not.toContain('What failed');
  });

  it('says loudly what failed', () => {
    const bad = { ...GOOD, failed: ['keeps it: Error: lost'] };
    expect(isGreen({ results: [GOOD, bad] })).toBe(false);
    const text = reportOf(proofOf([GOOD, bad]), undefined);
    expect(text).toContain('**Not all of it holds**: 6 tests passed, 1 failed');
    expect(text).toContain('## What failed\n\n- Cancelling: keeps it: Error: lost');
  });

  it('plots ratios from the middle, without what has none', () => {
    const chart = chartOf(ROWS);
    expect(chart).toContain('new files / sshfs to one');
    expect(chart).toContain('0.50 x');
    expect(chart).not.toContain('no peer');
  });

  it('takes no text for markup in a plot, and bars of any length fit in', () => {
    const chart = barChart('<a> & b', [{ label: '<script>', times: 1000 }]);
    expect(chart).toContain('&lt;a&gt; &amp; b');
    expect(chart).not.toContain('<script>');
    const ends = [...chart.matchAll(/x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
    expect(ends.map(([, x, width]) => Number(x) + Number(width))).toEqual([expect.any(Number)]);
    expect(Number(ends[0]?.[1]) + Number(ends[0]?.[2])).toBeLessThan(860);
  });
});

describe('a section', () => {
  it('counts what its tests have shown, and a section without tests as failed', async () => {
    const [good, none] = await Promise.all([
      runSection(SECTION, 1),
      runSection({ ...SECTION, files: ['server/there-is-no-such'] }, 1),
    ]);
    expect(good).toMatchObject({ failed: [], skipped: 0 });
    expect(good.passed).toBeGreaterThan(0);
    expect(none).toMatchObject({ passed: 0, failed: ['no test ran'] });
  });

  it('grows with the minutes', () => {
    const chaos = SECTIONS.filter(({ name }) => name === 'Chaos');
    const seconds = (minutes: number) => chaos.map((each) => environmentOf(each, minutes));
    expect(seconds(5)).toEqual([{ PROXYFS_TEST_CHAOS_SECONDS: '300' }]);
    expect(seconds(0.001)).toEqual([{ PROXYFS_TEST_CHAOS_SECONDS: '1' }]);
  });
});
