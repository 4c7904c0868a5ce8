import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigurationCommands } from '../appliance/configuration-commands.ts';
import { ConfigurationFile } from '../config/configuration-file.ts';
import { ConfigurationVersions } from '../config/configuration-versions.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { runRestCommand } from '../testing/run-rest-command.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';

const TEXT = 'local_path: local\nmount_point: mount\nmirrors: {}\ntimeout: 5\n';

let temp: TempDirectory;
let bench: ApiBench;

beforeEach(async () => {
  temp = await tempDirectory('configuration');
  for (const name of ['local', 'mount']) await mkdir(join(temp.path, name));
  await writeFile(join(temp.path, 'proxyfs.yml'), TEXT);
  const file = new ConfigurationFile(join(temp.path, 'proxyfs.yml'), {});
  await file.load();
  const versions = new ConfigurationVersions(join(temp.path, 'configurations'));
  file.keepVersions(versions);
  const rewrite = async (change: (text: string) => string) => {
    await file.edit(change, () => Promise.resolve());
  };
  const configuration = new ConfigurationCommands({ file, versions, rewrite });
  bench = await startApiBench({ controlPlane: new MemoryControlPlane({ configuration }) });
});
afterEach(async () => {
  await bench.stop();
  await temp.remove();
});

async function config(...args: string[]): Promise<{ code: number; out: string }> {
  const { code, out, err } = await runRestCommand(bench.url, 'config', ...args);
  return { code, out: out + err };
}

it('shows, checks and replaces the file, and says what waits', async () => {
  expect(await config('get')).toEqual({ code: 0, out: TEXT });
  const next = join(temp.path, 'next.yml');
  await writeFile(next, TEXT.replace('5', '9'));
  const change = { code: 0, out: 'timeout: needs a restart\n' };
  expect(await config('validate', next)).toEqual(change);
  expect(await readFile(join(temp.path, 'proxyfs.yml'), 'utf8')).toBe(TEXT);
  expect(await config('set', next)).toEqual(change);
  expect((await config('get')).out).toBe(`${TEXT.replace('5', '9')}# timeout: needs a restart\n`);
  expect((await config('versions')).out.trim().split('\n')).toHaveLength(2);
});

it('ends with 78 for mistakes, each with its place', async () => {
  const wrong = join(temp.path, 'wrong.yml');
  await writeFile(wrong, TEXT.replace('5', 'x'));
  const found = await config('validate', wrong);
  expect(found.code).toBe(78);
  expect(found.out).toMatch(/^4:10: \/timeout /);
  expect(await config('set', wrong)).toMatchObject({ code: 78 });
});
