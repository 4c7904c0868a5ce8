import { machine, type Row, tableOf } from '../bench/table.ts';
import { type Bar, barChart } from './bar-chart.ts';
import type { SectionResult } from './section-run.ts';

export interface Proof {
  readonly version: string;
  /** Of the sources, where they are under version control. */
  readonly commit: string | undefined;
  readonly minutes: number;
  readonly startedAt: Date;
  readonly elapsedMs: number;
  readonly results: readonly SectionResult[];
  readonly rows: readonly Row[];
}

/** Whether all of it holds. */
export function isGreen({ results }: Pick<Proof, 'results'>): boolean {
  return results.every(({ failed }) => failed.length === 0);
}

/** The report as Markdown; `chart` is the name of the file beside it with the plot, undefined where nothing was measured. */
export function reportOf(proof: Proof, chart: string | undefined): string {
  const { results, rows } = proof;
  return [
    '# Proof',
    '',
    ...summary(proof),
    '',
    '## What was proved',
    '',
    '| | promises | what was done | passed | failed | took |',
    '|---|---|---|---|---|---|',
    ...results.map(sectionRow),
    '',
    ...failures(results),
    ...figures(results),
    ...(chart === undefined ? [] : measurements(rows, chart)),
  ].join('\n');
}

/** The ratios of the benchmarks. */
export function chartOf(rows: readonly Row[]): string {
  const bars = rows.flatMap(({ what, times, other }): Bar[] =>
    times === undefined
      ? []
      : [{ label: `${what.replace(/^an empty mirror filled: /, 'filling: ')} / ${peerOf(other)}`, times }],
  );
  return barChart('Proxyfs against others, in one run (right is better)', bars);
}

function summary({ version, commit, minutes, startedAt, elapsedMs, results }: Proof): string[] {
  const passed = results.reduce((total, each) => total + each.passed, 0);
  const failed = results.reduce((total, each) => total + each.failed.length, 0);
  const verdict = isGreen({ results }) ? 'All of it holds' : '**Not all of it holds**';
  return [
    `${verdict}: ${passed} tests passed, ${failed} failed, in ${minutesOf(elapsedMs)} minutes.`,
    '',
    `- Proxyfs ${version}${commit === undefined ? '' : ` (${commit})`}, ${machine()}`,
    `- Begun ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC by \`npm run prove -- --minutes ${minutes}\`, which makes this report anew`,
    '- The promises are those of the README. Each test compares all replicas.',
  ];
}

function sectionRow({ section, passed, skipped, failed, elapsedMs }: SectionResult): string {
  const mark = failed.length > 0 ? `**${failed.length}**` : '0';
  const count = skipped > 0 ? `${passed} (${skipped} left out)` : String(passed);
  return `| ${section.name} | ${section.promises} | ${section.what} | ${count} | ${mark} | ${minutesOf(elapsedMs)} min |`;
}

function failures(results: readonly SectionResult[]): string[] {
  const lines = results.flatMap(({ section, failed }) =>
    failed.map((title) => `- ${section.name}: ${title}`),
  );
  return lines.length === 0 ? [] : ['## What failed', '', ...lines, ''];
}

/** Seeds are among them: a run is repeated with its seed in PROXYFS_TEST_SEED. */
function figures(results: readonly SectionResult[]): string[] {
  const lines = results.flatMap(({ section, figures: all }) =>
    all.map((text) => `- ${section.name}: ${text}`),
  );
  return lines.length === 0 ? [] : ['## Figures and seeds', '', ...lines, ''];
}

function measurements(rows: readonly Row[], chart: string): string[] {
  return ['## Speed and memory', '', `![the ratios below as bars](${chart})`, '', tableOf(rows), ''];
}

/** `sshfs to one mirror: 760/s` -> `sshfs to one mirror`. */
function peerOf(other: string): string {
  return (other.split(':')[0] ?? other).replaceAll('`', '');
}

function minutesOf(ms: number): string {
  return (ms / 60_000).toFixed(1);
}
