import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCommand } from '../run-command.ts';
import { type Peer, serverOf, succeed } from './peer.ts';

const DAEMON_LIMIT_MS = 3_600_000;

/** Watches a directory, and runs rsync a second after something has changed. */
export const lsyncd: Peer = {
  name: 'lsyncd',
  title: 'lsyncd, one mirror',
  async open(scratch, place) {
    const { port, identityFile, knownHosts } = serverOf(place);
    const [directory, copy] = [join(scratch, 'local'), join(scratch, 'copy')];
    for (const each of [directory, copy]) await mkdir(each, { recursive: true });
    await succeed('lsyncd', ['--version']);
    const ssh = `/usr/bin/ssh -o BatchMode=yes -o UserKnownHostsFile=${knownHosts} -i ${identityFile} -p ${port}`;
    const configuration = join(scratch, 'lsyncd.lua');
    await writeFile(
      configuration,
      `settings { nodaemon = true, insist = true }
sync { default.rsync, source = '${directory}', target = 'root@127.0.0.1:${copy}', delay = 1, rsync = { archive = true, rsh = '${ssh}' } }
`,
    );
    const daemon = startCommand('lsyncd', [configuration], { timeoutMs: DAEMON_LIMIT_MS });
    const close = async () => {
      daemon.kill('SIGTERM');
      await daemon.result;
    };
    return { directory, copy, close };
  },
};
