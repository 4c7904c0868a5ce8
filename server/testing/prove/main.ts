import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measured } from '../bench/measures.ts';
import { runCommand } from '../run-command.ts';
import { chartOf, isGreen, type Proof, reportOf } from './report.ts';
import { runSection, type SectionResult } from './section-run.ts';
import { SECTIONS } from './sections.ts';

const CHART = 'proof.svg';

/** `npm run prove [-- --minutes N] [--out DIRECTORY]`: all proofs and benchmarks, and the report of them. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '5' }, out: { type: 'string', default: 'docs' } },
  });
  // Before all the work that its report is about.
  await mkdir(values.out, { recursive: true });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: a number above 0 is needed`);
  const startedAt = new Date();
  const startMs = performance.now();
  const results: SectionResult[] = [];
  for (const section of SECTIONS) {
    process.stdout.write(`\nprove: ${section.name}\n`);
    results.push(await runSection(section, minutes));
  }
  process.stdout.write('\nprove: benchmarks\n');
  const rows = await measured([]);
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  const elapsedMs = performance.now() - startMs;
  const proof: Proof = { version, commit: await commit(), minutes, startedAt, elapsedMs, results, rows };
  await writeFile(join(values.out, CHART), chartOf(rows));
  await writeFile(join(values.out, 'proof.md'), reportOf(proof, CHART));
  process.stdout.write(
    `\nprove: ${isGreen(proof) ? 'all of it holds' : 'FAILED'}, see ${values.out}/proof.md\n`,
  );
  return isGreen(proof) ? 0 : 1;
}

async function commit(): Promise<string | undefined> {
  const { code, stdout } = await runCommand('git', ['rev-parse', '--short', 'HEAD'], {
    directory: process.cwd(),
  });
  return code === 0 ? stdout.trim() : undefined;
}

process.exitCode = await main();
