import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError } from './problem.ts';

const SAMPLE = 'local_path: /srv/www\nmount_point: /mnt/www\nmirrors: { web1: { host: h, path: /p } }\n';

let directory: TempDirectory;

beforeEach(async () => {
  directory = await tempDirectory('environment');
});

afterEach(() => directory.remove());

async function load(env: NodeJS.ProcessEnv, text = SAMPLE) {
  const file = join(directory.path, 'proxyfs.yml');
  await writeFile(file, text);
  return loadConfiguration(file, env);
}

async function problems(env: NodeJS.ProcessEnv, text = SAMPLE): Promise<string[]> {
  const error = await load(env, text).catch((thrown: unknown) => thrown);
  if (error instanceof ConfigurationError) return error.message.split('\n');
  throw new Error(`no ConfigurationError but ${String(error)}`);
}

describe('PROXYFS_ variables', () => {
  it('override the file', async () => {
    const configuration = await load({
      PROXYFS_TOKEN: 'sesame',
      PROXYFS_LISTEN: '[::1]:9',
      PROXYFS_LOG_LEVEL: 'warn',
      PROXYFS_LOCAL_PATH: '/l',
      PROXYFS_MOUNT_POINT: '/m',
      PROXYFS_STATE_PATH: '/s',
    });
    expect(configuration).toMatchObject({
      localPath: '/l',
      mountPoint: '/m',
      statePath: '/s',
      http: { host: '::1', port: 9, token: 'sesame' },
      log: { level: 'warn' },
    });
  });

  it('stand in for keys that the file leaves out or has wrong', async () => {
    const text = 'local_path: 5\nlog: { level: loud }\nmirrors: { web1: { host: h, path: /p } }\n';
    const env = { PROXYFS_LOCAL_PATH: '/l', PROXYFS_MOUNT_POINT: '/m', PROXYFS_LOG_LEVEL: 'debug' };
    expect(await load(env, text)).toMatchObject({
      localPath: '/l',
      mountPoint: '/m',
      log: { level: 'debug' },
    });
  });

  it('begin at the working directory where they are relative', async () => {
    expect((await load({ PROXYFS_LOCAL_PATH: 'tree' })).localPath).toBe(join(process.cwd(), 'tree'));
  });

  it('come from files too', async () => {
    const token = join(directory.path, 'token');
    await writeFile(token, 'sesame\n');
    expect((await load({ PROXYFS_TOKEN_FILE: token })).http.token).toBe('sesame');
    await writeFile(token, '/from/file\n');
    expect((await load({ PROXYFS_STATE_PATH_FILE: token })).statePath).toBe('/from/file');
  });

  it('are named when they are wrong, all at once and together with mistakes of the file', async () => {
    const env = {
      PROXYFS_TOKEN: 'two words',
      PROXYFS_LISTEN: '8080',
      PROXYFS_LOG_LEVEL: 'warning',
      PROXYFS_MOUNT_POINT: '/srv/www/x',
      PROXYFS_STATE_PATH: '',
    };
    const lines = await problems(env, `${SAMPLE}timeout: 0\n`);
    expect(lines).toEqual([
      'environment: PROXYFS_STATE_PATH: is set, but empty',
      'environment: PROXYFS_TOKEN: must consist of printable ASCII characters, without spaces',
      'environment: PROXYFS_LISTEN: needs ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080',
      'environment: PROXYFS_LOG_LEVEL: must be one of debug, info, warn, error',
      'environment: PROXYFS_MOUNT_POINT: lies inside local_path',
      `${join(directory.path, 'proxyfs.yml')}:4:10: timeout: must be at least 0.1`,
    ]);
  });

  it('name the _FILE variable when its file is wrong', async () => {
    const empty = join(directory.path, 'empty');
    await writeFile(empty, '');
    expect(await problems({ PROXYFS_TOKEN_FILE: '/no/such' })).toEqual([
      'environment: PROXYFS_TOKEN_FILE: the file cannot be read: no such file',
    ]);
    expect(await problems({ PROXYFS_TOKEN_FILE: empty })).toEqual([
      'environment: PROXYFS_TOKEN_FILE: the file is empty',
    ]);
    await writeFile(empty, 'nowhere');
    expect(await problems({ PROXYFS_LISTEN_FILE: empty })).toEqual([
      'environment: PROXYFS_LISTEN_FILE: needs ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080',
    ]);
  });

  it('may not come both by value and by file', async () => {
    expect(await problems({ PROXYFS_TOKEN: 'a', PROXYFS_TOKEN_FILE: '/b' })).toEqual([
      'environment: PROXYFS_TOKEN_FILE: is set together with PROXYFS_TOKEN; set one of them',
    ]);
  });

  it('are suggested for a near miss, while variables of others are let pass', async () => {
    expect(await problems({ PROXYFS_TOKN: 'a', PROXYFS_MOUNTPOINT: '/m' })).toEqual([
      'environment: PROXYFS_TOKN: is not a known variable (did you mean PROXYFS_TOKEN?)',
      'environment: PROXYFS_MOUNTPOINT: is not a known variable (did you mean PROXYFS_MOUNT_POINT?)',
    ]);
    const others = {
      PROXYFS_URL: 'x',
      PROXYFS_PORT: 'tcp://10.0.0.1:8080',
      PROXYFS_SERVICE_HOST: '10.0.0.1',
    };
    expect((await load(others)).http.port).toBe(8080);
  });

  it('leave a section that is no map to be refused', async () => {
    expect(await problems({ PROXYFS_LISTEN: '127.0.0.1:1' }, `${SAMPLE}http: 5\n`)).toEqual([
      expect.stringContaining(':4:7: http: needs a map'),
    ]);
  });
});
