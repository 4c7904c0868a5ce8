import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runCommand, startCommand } from '../run-command.ts';
import { waitUntil } from '../wait-until.ts';
import { type Peer, succeed } from './peer.ts';

const DAEMON_LIMIT_MS = 3_600_000;
const VOLUME = 'proxyfs-bench';

const gluster = (...args: string[]) => succeed('gluster', ['--mode=script', 'volume', ...args]);

/** A volume of two bricks on this machine: no network between, like the servers of the others. */
export const glusterfs: Peer = {
  name: 'glusterfs',
  title: 'GlusterFS, replica 2',
  async open(scratch) {
    const at = (name: string) => join(scratch, name);
    const [directory, one, two] = [at('mount'), at('one'), at('two')];
    for (const each of [directory, one, two, at('work')]) await mkdir(each, { recursive: true });
    await succeed('gluster', ['--version']);
    await writeFile(at('glusterd.vol'), volumeFile(at('work')));
    const daemon = startCommand(
      'glusterd',
      ['-N', '-f', at('glusterd.vol'), '-l', at('log'), '-p', at('pid')],
      {
        timeoutMs: DAEMON_LIMIT_MS,
      },
    );
    const close = async () => {
      await runCommand('umount', ['-l', directory]);
      await gluster('stop', VOLUME, 'force').catch(() => {});
      daemon.kill('SIGTERM');
      await daemon.result;
    };
    try {
      await waitUntil(
        'glusterd answers',
        async () => (await runCommand('gluster', ['volume', 'list'])).code === 0,
      );
      await gluster(
        'create',
        VOLUME,
        'replica',
        '2',
        ...[one, two].map((brick) => `${hostname()}:${brick}`),
        'force',
      );
      await gluster('start', VOLUME);
      await succeed('mount', ['-t', 'glusterfs', `${hostname()}:/${VOLUME}`, directory]);
    } catch (error) {
      await close();
      throw error;
    }
    return { directory, copy: two, close };
  },
};

function volumeFile(workingDirectory: string): string {
  return [
    'volume management',
    '  type mgmt/glusterd',
    `  option working-directory ${workingDirectory}`,
    '  option transport-type socket',
    '  option transport.socket.bind-address 127.0.0.1',
    'end-volume',
    '',
  ].join('\n');
}
