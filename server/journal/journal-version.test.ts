import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { open } from 'lmdb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { treePath } from '../filesystem/tree-path.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { Journal } from './journal.ts';
import { affectedRecord, journalKey } from './journal-record.ts';
import { JOURNAL_VERSION } from './journal-version.ts';
import { keyOf } from '../filesystem/affected-path.ts';

let temp: TempDirectory;
let directory: string;

beforeEach(async () => {
  temp = await tempDirectory('journal');
  directory = join(temp.path, 'journal');
});
afterEach(() => temp.remove());

/** A journal with these records, made without the code under test. */
async function written(records: Readonly<Record<string, unknown>>): Promise<void> {
  const root = open<unknown, string>({ path: directory, noSubdir: false, encoding: 'json' });
  for (const [key, value] of Object.entries(records)) await root.put(key, value);
  await root.close();
}

async function read(): Promise<Record<string, unknown>> {
  const root = open<unknown, string>({ path: directory, noSubdir: false, encoding: 'json' });
  const records = Object.fromEntries([...root.getRange({})].map(({ key, value }) => [key, value]));
  await root.close();
  return records;
}

const STALE = { kind: 'entry', path: treePath('/a') } as const;
/** As version 1 wrote it: excluding was not known, nor, at first, the ids of starts. */
const VERSION_1 = {
  'meta/version': { version: 1 },
  'meta/set': { setId: 'set-1', generation: 3 },
  'mirror/m1': { admittedAtMs: 17, startIds: ['start-3'], renewals: 12 },
  'mirror/m2': { admittedAtMs: 18 },
  'detached/m2': { detachedAtMs: 19, reason: 'maintenance' },
  [journalKey('stale/m1/', keyOf(STALE))]: affectedRecord(STALE, 1),
  'stale-pages/m2/000000000007': { paths: [STALE], checksum: crc32(keyOf(STALE)) },
};

it('makes a journal of version 1 one of today, with all that it holds', async () => {
  await written(VERSION_1);
  const journal = await Journal.open(directory);
  expect([journal.setId, journal.generation, journal.detachment('m2')]).toEqual(['set-1', 3, 'maintenance']);
  expect(journal.mirror('m1')).toEqual({
    admittedAtMs: 17,
    startIds: ['start-3'],
    renewals: 12,
    excludes: [[]],
  });
  expect(journal.excludesOf('m2')).toEqual([[]]);
  expect(journal.staleSet('m1').next(10, new Set())).toMatchObject([{ affected: STALE }]);
  expect(journal.staleSet('m2').next(10, new Set())).toMatchObject([{ affected: STALE }]);
  await journal.close();
  expect(await read()).toMatchObject({
    'meta/version': { version: JOURNAL_VERSION },
    'mirror/m2': { admittedAtMs: 18, excludes: [[]] },
  });
});

it('refuses a journal of a newer version, and leaves it as it is', async () => {
  const newer = { ...VERSION_1, 'meta/version': { version: JOURNAL_VERSION + 1 } };
  await written(newer);
  await expect(Journal.open(directory)).rejects.toMatchObject({
    code: 'STATE_NEWER',
    message: expect.stringMatching(/version 3, which a newer Proxyfs has written/) as string,
  });
  expect(await read()).toEqual(newer);
});

it.each([{}, { 'meta/version': { version: 'two' } }, { 'meta/version': { version: 0 } }])(
  'refuses records without a version that makes sense: %j',
  async (version) => {
    const { 'meta/version': _, ...records } = VERSION_1;
    await written({ ...records, ...version });
    await expect(Journal.open(directory)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
    expect(await read()).toEqual({ ...records, ...version });
  },
);

it('gives a new journal the version of today', async () => {
  await (await Journal.open(directory)).close();
  expect(await read()).toEqual({ 'meta/version': { version: JOURNAL_VERSION } });
});
