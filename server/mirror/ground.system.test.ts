import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { localPath } from '../config/local-paths.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import { Mirror } from './mirror.ts';

let server: SshdMirror;
beforeAll(async () => {
  server = await startSshdMirror();
});
afterAll(() => server?.stop());
afterEach(() => rm(at('.'), { recursive: true, force: true }));

const at = (...names: string[]) => join(server.root, 'case', ...names);

/** What becomes of a mirror at this path of the server, with the appliance's own directories beside it. */
async function outcome(path: string): Promise<string> {
  for (const directory of ['served/.proxyfs', 'mount', 'other'])
    await mkdir(at(directory), { recursive: true });
  await writeFile(at('served/.proxyfs/replica.json'), '{"the very":"start"}');
  const own = { localPath: await localPath(at('served')), mountPoint: await localPath(at('mount')) };
  const config = server.config({ path });
  const admit = () => Promise.resolve();
  const mirror = new Mirror({ config, own, timeoutMs: 5000, logger: silentLogger, admit });
  mirror.start();
  try {
    await mirror.connected();
    return 'suits';
  } catch (error) {
    return error instanceof AppError ? `${error.code} ${error.message}` : String(error);
  } finally {
    await mirror.stop();
  }
}

test('a directory of its own suits', async () => {
  expect(await outcome(at('other'))).toBe('suits');
});

test.each([
  ['that contains local_path and the mount point', '.', 'shares files with local_path and mount_point'],
  ['that is local_path', 'served', 'shares files with local_path'],
  ['inside local_path', 'served/below', 'lies inside'],
  ['inside the mount point', 'mount/below', 'shares files with mount_point'],
  ['that leads to local_path by a symlink', 'link', 'shares files with local_path'],
])('a directory %s is refused with a clear sentence', async (_title, name, message) => {
  await mkdir(at('served/below'), { recursive: true });
  await mkdir(at('mount/below'), { recursive: true });
  await symlink('served', at('link'));
  const told = await outcome(at(name));
  expect(told).toMatch(/^MIRROR_UNSUITABLE /);
  expect(told).toContain(message);
  expect(told).toContain('give the mirror a directory of its own');
});

test('a directory inside another replica is refused, however deep', async () => {
  await mkdir(at('other/a/b/c'), { recursive: true });
  await mkdir(at('other/.proxyfs'));
  expect(await outcome(at('other/a/b/c'))).toContain(`lies inside ${at('other')}`);
});

test('what is a file, or missing, is refused', async () => {
  await mkdir(at('.'), { recursive: true });
  await writeFile(at('file'), '');
  for (const name of ['file', 'missing']) {
    expect(await outcome(at(name))).toContain('is not a directory on the mirror');
  }
});
