import { execFileSync } from 'node:child_process';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { fitsTar, tarArchive, type TarEntry } from './tar-archive.ts';

let temp: TempDirectory;
beforeEach(async () => {
  temp = await tempDirectory('tar');
});
afterEach(() => temp.remove());

const entry = (changes: Partial<TarEntry>): TarEntry => ({
  type: 'file',
  name: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1_700_000_000,
  content: Buffer.from('content'),
  ...changes,
});

it('is what tar unpacks, whatever the size, the mode and the time', async () => {
  const sizes = [0, 1, 511, 512, 513, 65_536];
  const entries = sizes.map((size, k) =>
    entry({ name: `f${size}`, mode: 0o600 + k, mtime: k * 858_993_459, content: Buffer.alloc(size, 'a') }),
  );
  execFileSync('tar', ['-x', '-p', '-o', '-f', '-'], { cwd: temp.path, input: tarArchive(entries) });
  expect((await readdir(temp.path)).sort()).toEqual(entries.map(({ name }) => name).sort());
  for (const { name, mode, mtime, content } of entries) {
    const found = await lstat(join(temp.path, name));
    expect([name, found.mode & 0o7777, found.mtimeMs]).toEqual([name, mode, mtime * 1000]);
    expect(await readFile(join(temp.path, name))).toEqual(content);
  }
});

it('carries owners by number', () => {
  const archive = tarArchive([entry({ uid: 65_534, gid: 2_097_151 })]);
  const listing = execFileSync('tar', ['-t', '-v', '--numeric-owner', '-f', '-'], { input: archive });
  expect(listing.toString()).toContain('65534/2097151');
});

it('says what it can’t carry', () => {
  expect(fitsTar(entry({}))).toBe(true);
  expect(fitsTar(entry({ uid: 2_097_152 }))).toBe(false);
  expect(fitsTar(entry({ gid: 2_097_152 }))).toBe(false);
  expect(fitsTar(entry({ mtime: -1 }))).toBe(false);
  expect(fitsTar(entry({ name: 'n'.repeat(101) }))).toBe(false);
});
