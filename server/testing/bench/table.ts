import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import type { ApplianceProcess } from '../appliance-process.ts';
import { runCommand } from '../run-command.ts';
import type { SshdMirror } from '../sshd-mirror.ts';

const BEGIN = '<!-- bench -->';
const END = '<!-- /bench -->';
const SYNC_LIMIT_MS = 120_000;

/** What each measure may use: a running appliance with two mirrors, and a directory beside it. */
export interface BenchPlace {
  readonly appliance: ApplianceProcess;
  readonly mirrors: readonly SshdMirror[];
  readonly scratch: string;
}

/** One line of the table: what was done, how Proxyfs did, what it is held against. */
export interface Row {
  readonly what: string;
  readonly proxyfs: string;
  readonly other: string;
  /** How many times as good Proxyfs is, and in what; undefined where nothing could be held against it. */
  readonly times?: number | undefined;
  readonly of: string;
}

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ what, proxyfs, other, times, of }) => `| ${what} | ${proxyfs} | ${other} | ${ratioOf(times, of)} |`,
  );
  const head = ['| in one run | Proxyfs | compared with | ratio |', '|---|---|---|---|'];
  return [
    ...head,
    ...lines,
    '',
    `Measured by \`npm run bench\` on ${machine()}; sshd and Proxyfs share the machine.`,
  ].join('\n');
}

/** What the figures were measured on. */
export function machine(): string {
  return `${cpus().length} cores, Linux ${release()}, Node ${process.versions.node}`;
}

function ratioOf(times: number | undefined, of: string): string {
  return times === undefined ? '-' : `${times.toFixed(2)} x ${of}`;
}

/**
 * The middle one of several runs of each: single ones are noise on a shared machine. They take turns, each with nothing
 * left to be written of the other's, so that neither has the cooler disk.
 */
export async function mediansOf<Names extends string>(
  runs: number,
  measures: Readonly<Record<Names, (run: number) => Promise<number>>>,
): Promise<Record<Names, number>> {
  const results = new Map<string, number[]>();
  for (let run = 0; run < runs; run += 1) {
    for (const [name, measure] of Object.entries<(run: number) => Promise<number>>(measures)) {
      await runCommand('sync', [], { timeoutMs: SYNC_LIMIT_MS });
      results.set(name, [...(results.get(name) ?? []), await measure(run)]);
    }
  }
  const medians = [...results].map(([name, all]) => [name, middleOf(all)]);
  return Object.fromEntries(medians) as Record<Names, number>;
}

function middleOf(results: readonly number[]): number {
  return results.toSorted((a, b) => a - b)[Math.floor(results.length / 2)] ?? Number.NaN;
}

export async function writeIntoReadme(table: string): Promise<void> {
  const text = await readFile('README.md', 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md has no ${BEGIN} ... ${END}`);
  await writeFile('README.md', `${before}${BEGIN}\n${table}\n${END}${after}`);
}
