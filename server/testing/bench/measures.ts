import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplianceProcess } from '../appliance-process.ts';
import { smallDisk } from '../small-disk.ts';
import { type SshdMirror, startSshdMirror } from '../sshd-mirror.ts';
import { measureBusyPages } from './busy-pages.ts';
import { measureDrivers } from './drivers.ts';
import { measureInitialSync } from './initial-sync.ts';
import { measureLargeFile } from './large-file.ts';
import { measureMemory } from './memory.ts';
import { measureOverview } from './overview.ts';
import { measurePeers } from './peers.ts';
import { measureReading } from './reading.ts';
import { measureSmallFiles } from './small-files.ts';
import type { BenchPlace, Row } from './table.ts';
import { measureWatched } from './watched.ts';

/** A sparse image: only what is written takes room below. */
const DISK_BYTES = 12 * 1024 ** 3;

type Measure = (place: BenchPlace) => Promise<Row[]>;

/** In this order: the disk is still busy with large files when small ones begin after them. */
const MEASURES: Readonly<Record<string, Measure>> = {
  small: measureSmallFiles,
  watched: measureWatched,
  overview: measureOverview,
  pages: measureBusyPages,
  large: measureLargeFile,
  sync: measureInitialSync,
  drivers: measureDrivers,
  reading: measureReading,
  memory: measureMemory,
  peers: measurePeers,
};

/** Carries out those that are named, or all: ratios of one run on this machine. */
export async function measured(names: readonly string[]): Promise<Row[]> {
  const wanted = Object.entries(MEASURES).filter(([name]) => names.includes(name));
  // A new file system for each run: what lived on the machine's own before decides how fast that creates files.
  const disk = smallDisk({ sizeBytes: DISK_BYTES, kind: 'ext4' });
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = disk.path;
  try {
    return await measureAll(wanted.length > 0 ? wanted : Object.entries(MEASURES));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    disk.remove();
  }
}

async function measureAll(measures: readonly [string, Measure][]): Promise<Row[]> {
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
    return rows;
  } finally {
    await appliance.stop();
    await Promise.all(mirrors.map((mirror: SshdMirror) => mirror.stop()));
    await rm(scratch, { recursive: true, force: true });
  }
}
