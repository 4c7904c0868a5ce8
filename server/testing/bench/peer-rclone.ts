import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { type Peer, serverOf, succeed } from './peer.ts';

/** Writes end in its cache; they reach the server some seconds later. */
export const rclone: Peer = {
  name: 'rclone',
  title: 'rclone mount with VFS writes, one mirror',
  async open(scratch, place) {
    const { port, identityFile, knownHosts } = serverOf(place);
    const [directory, copy] = [join(scratch, 'mount'), join(scratch, 'copy')];
    for (const each of [directory, copy]) await mkdir(each, { recursive: true });
    const server = `host=127.0.0.1,port=${port},user=root,key_file=${identityFile},known_hosts_file=${knownHosts}`;
    const options = ['--daemon', '--vfs-cache-mode=writes', `--cache-dir=${join(scratch, 'cache')}`];
    await succeed('rclone', ['mount', ...options, `:sftp,${server}:${copy}`, directory]);
    const close = async () => {
      await runCommand('umount', ['-l', directory]);
    };
    return { directory, copy, close };
  },
};
