import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { writeConfigurationFile } from './configuration-file.ts';

let base: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'configuration-')));
});

afterEach(() => rm(base, { recursive: true }));

it('writes what the loader reads back as the same configuration', async () => {
  for (const name of ['local', 'mount']) await mkdir(join(base, name));
  const identityFile = join(base, 'key');
  await writeFile(identityFile, 'key', { mode: 0o600 });
  const mirror: MirrorConfiguration = {
    name: 'first',
    host: '127.0.0.1',
    port: 2022,
    user: 'mirror',
    path: '/srv/with space',
    identityFile,
    password: 'p: "w',
    knownHosts: undefined,
    hostKey: `SHA256:${'a'.repeat(42)}A`,
    required: false,
    owner: 'ignore',
    bandwidthLimit: undefined,
    connections: 1,
  };
  const file = await writeConfigurationFile(base, {
    localPath: join(base, 'local'),
    mountPoint: join(base, 'mount'),
    mirrors: [mirror],
    listen: '127.0.0.1:8123',
    more: { timeout: 2, tries: { times: 3, wait: [0.5] } },
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await loadConfiguration(file, { HOME: base })).toMatchObject({
    localPath: join(base, 'local'),
    mountPoint: join(base, 'mount'),
    mirrors: [mirror],
    http: { host: '127.0.0.1', port: 8123 },
    timeoutMs: 2000,
    tries: { times: 3, waitMs: [500] },
  });
});
