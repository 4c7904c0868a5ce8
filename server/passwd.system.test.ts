import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from './testing/run-command.ts';
import { tempDirectory } from './testing/temp-directory.ts';

const MAIN = resolve(import.meta.dirname, '../dist/server/main.cjs');

async function passwd(config: string, input: string): Promise<{ code: number | null; said: string }> {
  const { code, stdout, stderr } = await runCommand(process.execPath, [MAIN, 'passwd', config], { input });
  return { code, said: stdout + stderr };
}

it('sets the password from standard input, says nothing of it, and refuses a short one', async () => {
  const temp = await tempDirectory('passwd');
  const state = join(temp.path, 'state');
  for (const name of ['state', 'local', 'mount']) await mkdir(join(temp.path, name));
  const config = join(temp.path, 'proxyfs.yml');
  const settings = {
    local_path: join(temp.path, 'local'),
    mount_point: join(temp.path, 'mount'),
    state_path: state,
    mirrors: { web1: { host: '192.0.2.1', path: '/srv/www' } },
  };
  // YAML understands JSON.
  await writeFile(config, JSON.stringify(settings));

  expect(await passwd(config, 'canary-9\n')).toEqual({
    code: 1,
    said: 'A password has 10 to 1000 characters\n',
  });
  expect(await passwd(config, 'canary-10-long\nnot this\n')).toEqual({
    code: 0,
    said: 'the password is set\n',
  });
  const file = join(state, 'password.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const first = await readFile(file, 'utf8');
  expect(first).not.toContain('canary');
  expect((await passwd(config, 'canary-11-long')).code).toBe(0);
  expect(await readFile(file, 'utf8')).not.toBe(first);
  await temp.remove();
});
