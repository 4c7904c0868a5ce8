import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplianceProcess } from '../appliance-process.ts';
import { type SshdMirror, startSshdMirror } from '../sshd-mirror.ts';
import { measureLargeFile } from './large-file.ts';
import { measureMemory } from './memory.ts';
import { measureSmallFiles } from './small-files.ts';
import { type BenchPlace, type Row, tableOf, writeIntoReadme } from './table.ts';

/** In this order: the disk is still busy with large files when small ones begin after them. */
const MEASURES = { small: measureSmallFiles, large: measureLargeFile, memory: measureMemory };

/** `npm run bench [-- large small memory --readme]`: ratios of one run on this machine, as a table. */
async function main(args: readonly string[]): Promise<void> {
  const wanted = Object.entries(MEASURES).filter(([name]) => args.includes(name));
  const measures = wanted.length > 0 ? wanted : Object.entries(MEASURES);
  const mirrors = [await startSshdMirror({ name: 'm1' }), await startSshdMirror({ name: 'm2' })];
  const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
  const appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()) });
  try {
    await appliance.start();
    const place: BenchPlace = { appliance, mirrors, scratch };
    const rows: Row[] = [];
    for (const [name, measure] of measures) {
      process.stderr.write(`measuring: ${name}\n`);
      rows.push(...(await measure(place)));
    }
    const table = tableOf(rows);
    process.stdout.write(`${table}\n`);
    if (args.includes('--readme')) await writeIntoReadme(table);
  } finally {
    await appliance.stop();
    await Promise.all(mirrors.map((mirror: SshdMirror) => mirror.stop()));
    await rm(scratch, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
