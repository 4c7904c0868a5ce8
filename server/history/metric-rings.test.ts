import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { METRIC_RANGES, METRIC_STEPS } from '../../shared/mirror-metrics.ts';
import { jsonLogger, type LogFields, silentLogger } from '../base/logger.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { MetricFiles } from './metric-files.ts';
import type { MetricSample } from './metric-ring.ts';
import { MetricRings } from './metric-rings.ts';

const NOON_MS = Date.parse('2024-05-01T12:00:00.000Z');
const MINUTE_MS = 60_000;

const IDLE: MetricSample = { state: 'in-sync', sentBytes: 0, roundTripsMs: [] };

function points(rings: MetricRings, nowMs: number) {
  return METRIC_RANGES.map((range) => rings.points(range, nowMs));
}

describe('the metrics of a mirror', () => {
  it('say of each step how it was at its worst, for how long it was well, what was sent and how fast', () => {
    const rings = new MetricRings();
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    rings.add(NOON_MS, { state: 'in-sync', sentBytes: 100, roundTripsMs: hundred });
    rings.add(NOON_MS + 1000, { state: 'down', sentBytes: 0, roundTripsMs: [] });
    rings.add(NOON_MS + 2000, { state: 'stale', sentBytes: 20, roundTripsMs: [] });
    rings.add(NOON_MS + 3000, { ...IDLE });
    rings.add(NOON_MS + MINUTE_MS, { ...IDLE, state: 'detached' });
    const [first, second] = rings.points('1h', NOON_MS + MINUTE_MS);
    expect(first).toMatchObject({ at: '2024-05-01T12:00:00.000Z', sentBytes: 120, state: 'down' });
    expect(first?.inSyncShare).toBe(0.5);
    expect(Math.abs((first?.rttMs?.p50 ?? 0) - 50)).toBeLessThan(2);
    expect(Math.abs((first?.rttMs?.p95 ?? 0) - 95)).toBeLessThan(3.5);
    expect(second).toEqual({
      at: '2024-05-01T12:01:00.000Z',
      sentBytes: 0,
      state: 'detached',
      inSyncShare: 0,
      rttMs: null,
    });
    expect(rings.points('30d', NOON_MS + MINUTE_MS)).toMatchObject([{ state: 'down', sentBytes: 120 }]);
  });

  it('are of a bounded number, and no older than was asked for', () => {
    const rings = new MetricRings();
    const days = 32;
    // Each ten minutes, and each minute of the last hours.
    for (let minute = 0; minute < days * 1440; minute += minute < (days - 1) * 1440 ? 10 : 1)
      rings.add(NOON_MS + minute * MINUTE_MS, IDLE);
    const endMs = NOON_MS + days * 1440 * MINUTE_MS;
    const counts = points(rings, endMs - MINUTE_MS).map(({ length }) => length);
    expect(counts).toEqual(METRIC_RANGES.map((range) => METRIC_STEPS[range].points));
    expect(points(rings, endMs + 2 * 3600_000).map(({ length }) => length)).toEqual([0, 131, 165, 119]);
    expect(JSON.stringify(rings.record).length).toBeLessThan(60_000);
  });

  it('begin anew from where a clock was set back to', () => {
    const rings = new MetricRings();
    for (const minute of [0, 1, 2, 3, 1]) rings.add(NOON_MS + minute * MINUTE_MS, IDLE);
    const starts = rings.points('1h', NOON_MS + MINUTE_MS).map(({ at }) => at.slice(11, 16));
    expect(starts).toEqual(['12:00', '12:01']);
  });
});

describe('the files of the metrics', () => {
  let directory: TempDirectory;
  beforeEach(async () => {
    directory = await tempDirectory('metrics');
  });
  afterEach(() => directory.remove());

  it('bring all back, the step under way too', async () => {
    const rings = new MetricRings();
    for (const minute of [0, 1, 2]) rings.add(NOON_MS + minute * MINUTE_MS, { ...IDLE, roundTripsMs: [3] });
    await new MetricFiles(directory.path, silentLogger).load([]);
    await new MetricFiles(directory.path, silentLogger).save('web1', rings);
    const back = (await new MetricFiles(directory.path, silentLogger).load(['web1'])).get('web1');
    const endMs = NOON_MS + 2 * MINUTE_MS;
    expect(back && points(back, endMs)).toEqual(points(rings, endMs));
    for (const each of [rings, back])
      each?.add(endMs + 1000, { state: 'down', sentBytes: 7, roundTripsMs: [9] });
    expect(back && points(back, endMs)).toEqual(points(rings, endMs));
  });

  it('that are damaged or unknown are told of and begun anew; those of no mirror go', async () => {
    const lines: LogFields[] = [];
    const logger = jsonLogger('info', (line) => lines.push(JSON.parse(line) as LogFields));
    await mkdir(directory.path, { recursive: true });
    const newer = JSON.stringify({ format: 'proxyfs metrics 2', rings: {} });
    await writeFile(join(directory.path, 'web1.json'), '{"format":"proxyfs met');
    await writeFile(join(directory.path, 'web2.json'), newer);
    await writeFile(join(directory.path, 'gone.json'), newer);
    const files = new MetricFiles(directory.path, logger);
    expect(await files.load(['web1', 'web2'])).toEqual(new Map());
    expect(lines.map(({ event }) => event)).toEqual(['metrics-not-kept', 'metrics-not-kept']);
    expect((await readdir(directory.path)).sort()).toEqual(['web1.json', 'web2.json']);
    await files.remove('web2');
    await files.save('web1', new MetricRings());
    expect((await new MetricFiles(directory.path, logger).load(['web1', 'web2'])).size).toBe(1);
  });
});
