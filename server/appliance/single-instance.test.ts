import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { SingleInstance } from './single-instance.ts';

let temp: TempDirectory;
beforeEach(async () => {
  temp = await tempDirectory('instance');
});
afterEach(() => temp.remove());

it('keeps a second one away, whatever path it takes, until the first one is gone', async () => {
  const directory = join(temp.path, 'local');
  await mkdir(directory);
  await symlink(directory, join(temp.path, 'other'));
  const first = new SingleInstance(directory);
  const second = new SingleInstance(join(temp.path, 'other'));
  await first.acquire();
  await expect(second.acquire()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  expect(second.lock).toBeUndefined();
  const { lock } = first;
  expect(lock).toMatch(/^net:\[\d+\] [0-9a-f]{64}$/);
  first.release();
  expect(first.lock).toBeUndefined();
  await second.acquire();
  expect(second.lock).toBe(lock);
  second.release();
});

it('lets different directories be served at the same time', async () => {
  const instances: SingleInstance[] = [];
  for (const name of ['a', 'b']) {
    await mkdir(join(temp.path, name));
    instances.push(new SingleInstance(join(temp.path, name)));
  }
  for (const instance of instances) await instance.acquire();
  expect(new Set(instances.map(({ lock }) => lock)).size).toBe(2);
  for (const instance of instances) instance.release();
});
