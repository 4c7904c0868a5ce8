import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountedAt } from './fuse/mount-point.ts';
import { ApplianceContainer } from './testing/appliance-container.ts';
import { buildImage, docker, missingForDocker } from './testing/docker.ts';
import { noneLeft } from './testing/none-left.ts';
import { differencesOf, everyMirrorInSync } from './testing/replicas.ts';
import { runCommand, startCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory } from './testing/temp-directory.ts';
import { waitUntil } from './testing/wait-until.ts';

const IMAGE = 'proxyfs-under-test';
const BUILD_LIMIT_MS = 300_000;
const IN_SYNC_LIMIT_MS = 20_000;

const missing = await missingForDocker();
if (missing !== undefined) process.stderr.write(`SKIPPED: the container is not tested: ${missing}\n`);

describe.skipIf(missing !== undefined)('the container image', () => {
  let mirrors: SshdMirror[];
  let container: ApplianceContainer;

  beforeAll(async () => {
    await buildImage(IMAGE, resolve(import.meta.dirname, '..'));
    mirrors = [await startSshdMirror({ name: 'm1' }), await startSshdMirror({ name: 'm2' })];
    container = await ApplianceContainer.create(IMAGE, mirrors);
    await container.start();
  }, BUILD_LIMIT_MS);

  afterAll(async () => {
    await container?.remove();
    for (const mirror of mirrors ?? []) await mirror.stop();
    await runCommand('docker', ['image', 'rm', '-f', IMAGE]);
  });

  /** On the host, through the propagated mount. */
  async function sh(script: string): Promise<string> {
    const result = await runCommand('sh', ['-ec', script], { directory: container.mountPoint });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return result.stdout;
  }

  async function expectEqualReplicas(): Promise<void> {
    await everyMirrorInSync(container, IN_SYNC_LIMIT_MS);
    const replicas = [container.localPath, ...mirrors.map(({ root }) => root)];
    await noneLeft(() => differencesOf(replicas));
  }

  it('has no compiler and no development package, and is healthy by itself', async () => {
    const look =
      'for name in gcc g++ make python3 tsc; do command -v $name || true; done; ls /app/node_modules';
    const output = await docker([
      'run',
      '--rm',
      '--network',
      'host',
      '--entrypoint',
      'sh',
      IMAGE,
      '-c',
      look,
    ]);
    expect(output.split('\n')).toContain('ssh2');
    expect(output).not.toMatch(/^(\/.*|typescript|vite|vitest|react|fuse-native)$/m);
    await waitUntil('the engine calls it healthy', async () => (await container.health()) === 'healthy');
  });

  it('shows its mount on the host, and what is written there is on both mirrors', async () => {
    expect(container.log.last('mount-hidden')).toBeUndefined();
    await sh(
      'mkdir -p a/b; echo page > a/b/index.html; ln -s b/index.html a/link; chown 33:33 a/b/index.html',
    );
    await expectEqualReplicas();
    expect(await container.command(['check', '/etc/proxyfs/proxyfs.yml'])).toMatch(/m1: fine[^]*m2: fine/);
  });

  it('mounts again by itself after docker kill, and all replicas are equal', async () => {
    const writer = startCommand('sh', ['-c', 'for i in $(seq 100000); do echo $i > busy-$i || exit; done'], {
      directory: container.mountPoint,
    });
    await waitUntil('some files are written', async () => (await sh('ls')).includes('busy-50'));
    await container.kill();
    expect(await writer.result).toMatchObject({ timedOut: false });
    expect((await runCommand('ls', [container.mountPoint])).stderr).toMatch(/not connected/);
    await container.start();
    await sh('echo back > after-the-kill');
    await expectEqualReplicas();
  });

  it('leaves nothing behind at docker stop', async () => {
    expect(await container.stop()).toBe(0);
    expect(await mountedAt(container.mountPoint)).toBeUndefined();
    expect(await runCommand('ls', ['-A', container.mountPoint])).toMatchObject({ code: 0, stdout: '' });
    expect(await differencesOf([container.localPath, ...mirrors.map(({ root }) => root)])).toEqual([]);
  });

  it('says which of device and capability is missing, and that a mount would not reach the host', async () => {
    const directory = await tempDirectory('container');
    await mkdir(join(directory.path, 'www'));
    const configuration = 'local_path: /srv\nmount_point: /mnt/p/www\nmirrors: {}\n';
    const check = `echo "${configuration}" > /c.yml; proxyfs check /c.yml; timeout 5 proxyfs run /c.yml | grep -e hidden -e MOUNT_FAILED`;
    const logOf = async (...options: string[]) => {
      const args = ['--rm', '--network', 'host', ...options, '-v', `${directory.path}:/mnt/p`];
      const result = await runCommand('docker', ['run', ...args, '--entrypoint', 'sh', IMAGE, '-c', check]);
      return result.stdout;
    };
    const missingIn = (log: string) => [...new Set(log.match(/(CAP_SYS_ADMIN|\/dev\/fuse)(?= is missing)/g))];
    const device = ['--device', '/dev/fuse'];
    const capability = ['--cap-add', 'SYS_ADMIN', '--security-opt', 'apparmor=unconfined'];
    try {
      expect(missingIn(await logOf())).toEqual(['CAP_SYS_ADMIN', '/dev/fuse']);
      expect(missingIn(await logOf(...device))).toEqual(['CAP_SYS_ADMIN']);
      expect(missingIn(await logOf(...capability))).toEqual(['/dev/fuse']);
      expect(await logOf(...device, ...capability)).toMatch(/mount-hidden.*does not reach the host/);
    } finally {
      await directory.remove();
    }
  });
});
