import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import { type SshdMirror, startSshdMirror } from './sshd-mirror.ts';

let mirror: SshdMirror | undefined;
let disk: SmallDisk | undefined;
afterEach(async () => {
  await mirror?.stop();
  disk?.remove();
  mirror = undefined;
  disk = undefined;
});

test('the server serves its directory, and answers again after a freeze and after a kill', async () => {
  mirror = await startSshdMirror();
  writeFileSync(join(mirror.root, 'present'), '');
  expect(listed(mirror)).toContain('present');
  await mirror.freeze();
  expect(() => listed(mirrorOf())).toThrow();
  await mirror.thaw();
  expect(listed(mirror)).toContain('present');
  await mirror.kill();
  expect(() => listed(mirrorOf())).toThrow();
  await mirror.restart();
  expect(listed(mirror)).toContain('present');
});

test('stop leaves nothing behind', async () => {
  mirror = await startSshdMirror();
  await mirror.stop();
  expect(existsSync(mirror.root)).toBe(false);
  expect(() => listed(mirrorOf())).toThrow();
});

test.each(['tmpfs', 'ext4'] as const)('a small %s disk fills up and can be made read-only', async (kind) => {
  disk = smallDisk({ sizeBytes: 2 << 20, kind });
  const file = join(disk.path, 'file');
  expect(() => writeFileSync(file, Buffer.alloc(4 << 20))).toThrow('ENOSPC');
  await disk.remountReadOnly();
  expect(() => writeFileSync(file, '')).toThrow('EROFS');
  disk.remountReadWrite();
  writeFileSync(file, '');
});

function mirrorOf(): SshdMirror {
  if (!mirror) throw new Error('no mirror');
  return mirror;
}

function listed(server: SshdMirror): string {
  const options = ['-q', '-P', String(server.port), '-i', server.identityFile];
  const login = `${server.config().user}@127.0.0.1`;
  const trust = ['-o', `UserKnownHostsFile=${server.knownHosts}`];
  return execFileSync('timeout', ['1', 'sftp', ...options, ...trust, login], {
    input: `ls ${server.root}\n`,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}
