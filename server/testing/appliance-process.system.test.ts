import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedSftpServer } from '../demo/embedded-sftp-server.ts';
import { mountedAt } from '../fuse/mount-point.ts';
import { ApplianceProcess } from './appliance-process.ts';
import { runCommand } from './run-command.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

let temp: TempDirectory;
let servers: EmbeddedSftpServer[];
let appliance: ApplianceProcess;

beforeEach(async () => {
  temp = await tempDirectory('mirrors');
  servers = [];
  for (const name of ['first', 'second']) {
    const directory = join(temp.path, name, 'root');
    await mkdir(directory, { recursive: true });
    const server = new EmbeddedSftpServer({ directory, keyDirectory: join(temp.path, name) });
    await server.start();
    servers.push(server);
  }
  const mirrors = servers.map((server, index) => server.mirrorConfiguration(`m${index + 1}`));
  appliance = new ApplianceProcess({ mirrors, configuration: { timeout: 5 } });
});

afterEach(async () => {
  await appliance.stop();
  for (const server of servers) await server.stop();
  await temp.remove();
});

it('has a thread for each of 16 reads at the same time, whatever the loading of its modules took first', async () => {
  await appliance.start();
  const readers = Array.from({ length: 40 }, () => 'cat file > /dev/null &').join('\n');
  await appliance.inMount('sh', ['-c', `echo hello > file; ${readers} wait`]);
  const threads = await readdir(`/proc/${appliance.pid}/task`);
  expect(threads.length).toBeGreaterThanOrEqual(16 + 7);
});

it('starts the real command, writes through its mount and ends it with exit code 0', async () => {
  await appliance.start();
  const { mountPoint } = appliance;
  const written = await appliance.inMount('sh', ['-c', 'echo hello > file && cat file']);
  expect(written).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  for (const { directory } of servers) {
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('hello\n');
  }
  expect(await appliance.api('/api/v1/mirrors')).toMatchObject({ status: 200 });
  const driver = { driver: 'kernel', driverReason: 'run by root, who may mount', mounted: true };
  expect((await appliance.api('/api/v1/overview')).body).toMatchObject({ mount: driver });
  expect(appliance.log.last('driver')).toMatchObject({ driver: 'kernel', reason: driver.driverReason });
  expect(await appliance.api('/api/v1/mirrors', { headers: { authorization: 'Bearer x' } })).toMatchObject({
    status: 401,
  });
  expect(await appliance.terminate()).toBe(0);
  expect(await mountedAt(mountPoint)).toBeUndefined();
});

it('is told by proxyfs check whether it could mount, and by which driver', async () => {
  await appliance.prepare();
  const check = (env: Record<string, string> = {}) =>
    runCommand(process.execPath, [resolve('dist/server/main.cjs'), 'check', appliance.configFile], { env });
  const fine = await check();
  expect(fine.stdout).toContain('driver kernel (run by root, who may mount): fine\n');
  expect(fine.code).toBe(0);
  const missing = await check({ PATH: temp.path });
  expect(missing.stdout).toContain('MOUNT_FAILED: the command mount is missing\n');
  expect(missing.code).toBe(1);
});

it('needs no program but mount and umount', async () => {
  for (const name of ['mount', 'umount']) await symlink(join('/bin', name), join(temp.path, name));
  await appliance.start({ env: { PATH: temp.path } });
  expect(await appliance.inMount('sh', ['-c', 'echo hello > file && cat file'])).toMatchObject({
    stdout: 'hello\n',
  });
  expect(await appliance.terminate()).toBe(0);
  expect(await mountedAt(appliance.mountPoint)).toBeUndefined();
});

it('comes back after a kill, and keeps its files', async () => {
  await appliance.start();
  await appliance.inMount('sh', ['-c', 'echo one > file']);
  await appliance.kill9();
  expect(await appliance.exited()).toEqual({ code: null, signal: 'SIGKILL' });
  await appliance.restart();
  expect(await appliance.inMount('cat', ['file'])).toMatchObject({ stdout: 'one\n' });
});

it('leaves neither mount nor files behind, even after a kill', async () => {
  await appliance.start();
  const { mountPoint, configFile } = appliance;
  await appliance.kill9();
  expect(await mountedAt(mountPoint)).toBeDefined();
  await appliance.stop();
  expect(await mountedAt(mountPoint)).toBeUndefined();
  expect(existsSync(configFile)).toBe(false);
});

it('says the last words of a command that ends before it is ready', async () => {
  await appliance.prepare();
  await writeFile(appliance.configFile, 'nonsense: true\n');
  await expect(appliance.start()).rejects.toThrow(/ended before it was ready[^]*nonsense/);
  expect(await appliance.exited()).toMatchObject({ code: 78 });
});

it('kills what hangs in the mount of a frozen appliance at its limit', async () => {
  await appliance.start();
  const { pid } = appliance;
  if (pid === undefined) throw new Error('it does not run');
  process.kill(pid, 'SIGSTOP');
  const hung = await appliance.inMount('ls', ['-l'], { timeoutMs: 300 });
  process.kill(pid, 'SIGCONT');
  expect(hung).toMatchObject({ timedOut: true });
  await waitUntil('the mount answers again', async () => (await appliance.inMount('ls', [])).code === 0);
  expect(await readdir(appliance.localPath)).toContain('.proxyfs');
});

it('mounts a directory without mirrors, also after a kill -9', async () => {
  appliance = new ApplianceProcess({ mirrors: [] });
  await appliance.start();
  const write = 'echo one > file && mkdir d && mv file d/moved';
  expect(await appliance.inMount('sh', ['-c', write])).toMatchObject({ code: 0, stderr: '' });
  await appliance.kill9();
  await appliance.start();
  expect(await appliance.inMount('cat', ['d/moved'])).toMatchObject({ stdout: 'one\n' });
  expect((await appliance.api('/api/v1/overview')).body).toMatchObject({ mode: 'read-write', mirrors: [] });
});
