import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import type { SshdMirror } from '../sshd-mirror.ts';

/** Runs `work` on sshfs to one mirror; undefined, and said so, where sshfs is not installed. `more`: further options of it. */
export async function overSshfs<T>(
  mirror: SshdMirror | undefined,
  scratch: string,
  work: (directory: string) => Promise<T>,
  more: readonly string[] = [],
): Promise<T | undefined> {
  const directory = join(scratch, 'sshfs');
  await mkdir(directory, { recursive: true });
  if (!mirror) throw new Error('a mirror is needed');
  const { port, identityFile, knownHosts } = mirror;
  // The first of two that set the same counts.
  const own = [
    `IdentityFile=${identityFile}`,
    `UserKnownHostsFile=${knownHosts}`,
    `HostKeyAlias=[127.0.0.1]:${port}`,
  ];
  const options = [...more, ...own, `port=${port}`].join(',');
  const target = `root@127.0.0.1:${scratch}`;
  try {
    const mounted = await runCommand('sshfs', [target, directory, '-o', options], {
      directory: scratch,
      timeoutMs: 20_000,
    });
    if (mounted.code !== 0) throw new Error(mounted.stderr);
  } catch (error) {
    process.stderr.write(`SKIPPED the comparison with sshfs: ${String(error)}\n`);
    return undefined;
  }
  try {
    return await work(directory);
  } finally {
    await runCommand('umount', ['-l', directory], { directory: scratch, timeoutMs: 20_000 });
  }
}
