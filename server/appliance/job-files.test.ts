import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonLogger } from '../base/logger.ts';
import { MemoryJobs } from '../testing/memory-jobs.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { JobFiles, type JobRecord } from './job-files.ts';

let directory: TempDirectory;
let logged: string[];

beforeEach(async () => {
  directory = await tempDirectory('job-files');
  logged = [];
});
afterEach(() => directory.remove());

const files = (at = join(directory.path, 'jobs')) =>
  new JobFiles(
    at,
    jsonLogger('warn', (line) => logged.push(line)),
  );

function record(id: string, startedAt: string): JobRecord {
  const jobs = new MemoryJobs();
  const request = { type: 'scrub', path: '/', compare: 'quick', repair: false, confirm: false } as const;
  const divergences = [{ mirror: 'm', path: '/a', kinds: ['links' as const], localSuspected: false }];
  const items = { ...jobs.found, divergences };
  return { request, view: { ...jobs.start(request), id, startedAt }, items };
}

it('keeps jobs as they were last, newest first', async () => {
  const kept = files();
  expect(await kept.load()).toEqual([]);
  const older = record('job-a-2', '2024-05-01T10:00:00.000Z');
  const later = [
    record('job-b-9', '2024-05-02T10:00:00.000Z'),
    record('job-b-10', '2024-05-02T10:00:00.000Z'),
  ];
  let current = { ...older, view: { ...older.view, entries: 1 } };
  kept.save(older.view.id, () => current);
  current = older;
  for (const each of later) kept.save(each.view.id, () => each);
  await kept.written();
  expect(await files().load()).toEqual([later[1], later[0], older]);
  kept.remove('job-b-9');
  await kept.written();
  expect((await files().load()).map(({ view }) => view.id)).toEqual(['job-b-10', 'job-a-2']);
  expect(logged).toEqual([]);
});

it('leaves out what it can’t read, and says so', async () => {
  const kept = files();
  await kept.load();
  kept.save('job-a-1', () => record('job-a-1', '2024-05-01T10:00:00.000Z'));
  await kept.written();
  const [name = ''] = await readdir(join(directory.path, 'jobs'));
  await writeFile(join(directory.path, 'jobs', `x${name}`), '{"format":"proxyfs job 1"');
  await writeFile(join(directory.path, 'jobs', `y${name}`), '{"format":"proxyfs job 2"}');
  expect(await files().load()).toHaveLength(1);
  expect(logged.filter((line) => line.includes('job-unreadable'))).toHaveLength(2);
});

it('goes on where it can’t write', async () => {
  await writeFile(join(directory.path, 'in-the-way'), '');
  const kept = files(join(directory.path, 'in-the-way'));
  kept.save('job-a-1', () => record('job-a-1', '2024-05-01T10:00:00.000Z'));
  await kept.written();
  expect(logged).toEqual([expect.stringContaining('job-not-kept')]);
});
