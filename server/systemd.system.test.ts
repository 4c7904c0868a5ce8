import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { NoticeReceiver } from './testing/notice-receiver.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';
import { waitUntil } from './testing/wait-until.ts';

const TOP = resolve(import.meta.dirname, '..');
const UNIT = join(TOP, 'contrib/proxyfs.service');
/** Any of these gives the service mounts of its own. */
const HIDES_THE_MOUNT =
  /^(Protect(System|Home|Proc|Kernel\w+|ControlGroups)|Private\w+|(ReadOnly|ReadWrite|Inaccessible|Bind|BindReadOnly|Exec|NoExec)Paths|MountFlags|TemporaryFileSystem|Root\w+|DynamicUser)=/m;
const WATCHDOG_MS = 900;

async function has(program: string): Promise<boolean> {
  const found = await runCommand('sh', ['-c', `command -v ${program}`]);
  if (found.code !== 0) process.stderr.write(`SKIPPED: ${program} is missing\n`);
  return found.code === 0;
}

const hasAnalyze = await has('systemd-analyze');
const hasNotify = await has('systemd-notify');

let temp: TempDirectory;
beforeEach(async () => {
  temp = await tempDirectory('systemd');
});
afterEach(() => temp.remove());

const unit = () => readFile(UNIT, 'utf8');
const valueOf = async (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(await unit())?.[1] ?? '';

describe('the unit for systemd', () => {
  it.skipIf(!hasAnalyze)('is one that systemd has nothing to say about', async () => {
    const copy = join(temp.path, 'proxyfs.service');
    await writeFile(
      copy,
      (await unit()).replaceAll('/usr/local/bin/proxyfs', join(TOP, 'dist/server/main.cjs')),
    );
    const { code, stdout, stderr } = await runCommand('systemd-analyze', ['verify', copy]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('gives the service no mounts of its own, where others would not see ours', async () => {
    expect(await unit()).not.toMatch(HIDES_THE_MOUNT);
  });
});

describe.skipIf(!hasNotify)('a service of Type=notify', () => {
  let receiver: NoticeReceiver;
  let mirror: SshdMirror;
  let appliance: ApplianceProcess;

  beforeEach(async () => {
    const socket = join(temp.path, 'notify');
    receiver = await NoticeReceiver.at(socket, WATCHDOG_MS);
    mirror = await startSshdMirror({ name: 'm1' });
    const capabilities = (await valueOf('CapabilityBoundingSet'))
      .split(' ')
      .map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
    appliance = new ApplianceProcess({
      mirrors: [mirror.config()],
      // With what the unit leaves of root's privileges.
      under: ['setpriv', '--no-new-privs', `--bounding-set=-all,${capabilities.join(',')}`],
      env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(WATCHDOG_MS * 1000) },
    });
  });

  afterEach(async () => {
    await appliance.stop();
    await mirror.stop();
    receiver.stop();
  });

  const pings = () => receiver.lines.filter((line) => line.startsWith('WATCHDOG=1')).length;

  it('says when it is ready, how it goes and that it stops, and feeds the watchdog only while it runs', async () => {
    await appliance.start();
    await waitUntil('it is ready', () =>
      receiver.lines.some((line) => line.startsWith('READY=1 STATUS=read-write')),
    );
    await waitUntil('the watchdog is fed', () => pings() >= 2);

    const made =
      'echo x > file; chown 12:34 file; chmod 6755 file; mkdir d; chown 12 d; rm -r d; stat -c %u:%g:%a file';
    expect(await appliance.inMount('sh', ['-ec', made])).toMatchObject({ code: 0, stdout: '12:34:6755\n' });
    expect(await runCommand('stat', ['-c', '%u:%g:%a', join(mirror.root, 'file')])).toMatchObject({
      stdout: '12:34:6755\n',
    });

    const { pid = 0 } = appliance;
    process.kill(pid, 'SIGSTOP');
    receiver.lines.length = 0;
    await waitUntil('the watchdog would bite', () => receiver.lines.includes('silence'));
    process.kill(pid, 'SIGCONT');

    await mirror.kill();
    await waitUntil('what is shown changes', () =>
      receiver.lines.some((line) => line.includes('STATUS=blocked')),
    );
    await mirror.restart();

    expect(await appliance.terminate()).toBe(0);
    expect(receiver.lines).toContainEqual(expect.stringMatching(/^STOPPING=1 STATUS=stopping$/));
  });
});
