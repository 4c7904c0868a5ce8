import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../config/load.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { examine } from './doctor.ts';
import { verdictOn } from './local-space.ts';
import { nodeVersion } from './node-version.ts';

let temp: TempDirectory;
beforeEach(async () => {
  temp = await tempDirectory('doctor');
});
afterEach(() => temp.remove());

it.each([
  ['20.19.0', 'fine'],
  ['22.1.0', 'fine'],
  ['20.18.3', 'failed'],
  ['18.20.0', 'failed'],
])('calls Node %s %s', (version, verdict) => {
  expect(nodeVersion(version)).toMatchObject([{ verdict }]);
});

it('asks for the Node that package.json asks for', async () => {
  const text = await readFile(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  const { engines } = JSON.parse(text) as { engines: { node: string } };
  const least = engines.node.slice('>='.length);
  const [major, minor] = least.split('.').map(Number);
  expect(nodeVersion(`${least}.0`)).toMatchObject([{ verdict: 'fine' }]);
  expect(nodeVersion(`${major}.${(minor ?? 0) - 1}.9`)).toMatchObject([{ verdict: 'failed' }]);
});

describe('the room on a disk', () => {
  const disk = { bsize: 4096, blocks: 1_000_000, bavail: 500_000, files: 1000, ffree: 500 };

  it.each([
    [{}, 'fine', '1953 MiB free'],
    [{ bavail: 49_999 }, 'warning', '195 MiB free: less than a twentieth'],
    [{ bavail: 16_383 }, 'failed', '64 MiB free: too little'],
    [{ ffree: 49 }, 'warning', '1953 MiB free, but few inodes: 49'],
    [{ files: 0, ffree: 0 }, 'fine', '1953 MiB free'],
  ])('with %j is %s', (change, verdict, message) => {
    expect(verdictOn('/disk', { ...disk, ...change })).toEqual({ about: '/disk', verdict, message });
  });
});

it('says of directories that are not there what is wrong, and goes on', async () => {
  const file = join(temp.path, 'proxyfs.yml');
  await writeFile(file, 'local_path: local\nmount_point: no/mount\nmirrors: {}\n');
  const findings = await examine(await loadConfiguration(file, {}));
  expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ check: 'mount point', about: join(temp.path, 'no/mount') }),
      expect.objectContaining({ check: 'space', about: join(temp.path, 'local') }),
    ]),
  );
  expect(findings).toContainEqual({
    check: 'node',
    about: 'Node',
    verdict: 'fine',
    message: process.versions.node,
  });
});
