import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import type { SshdMirror } from '../sshd-mirror.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed } from './timed.ts';

const FILES = 1000;
/** The first ones also warm up what is compiled while it runs. */
const RUNS = 5;

/** 1,000 new files of 4 KiB one after the other, two mirrors, against sshfs to a single one. */
export async function measureSmallFiles({ appliance, mirrors, scratch }: BenchPlace): Promise<Row[]> {
  const create = (directory: string, name: string) => timed(directory, CREATE_FILES, name, String(FILES));
  const ours = (run: number) => create(appliance.mountPoint, `small-${run}`);
  const both = await overSshfs(mirrors[0], scratch, (directory) =>
    mediansOf(RUNS, { oursMs: ours, theirsMs: (run) => create(directory, `s${run}`) }),
  );
  const { oursMs, theirsMs } = both ?? { ...(await mediansOf(RUNS, { oursMs: ours })), theirsMs: undefined };
  const rate = (elapsedMs: number) => (FILES * 1000) / elapsedMs;
  return [
    {
      what: `${FILES} new files of 4 KiB into the local tree and two mirrors`,
      proxyfs: `${rate(oursMs).toFixed(0)}/s`,
      other:
        theirsMs === undefined
          ? 'sshfs is not installed'
          : `sshfs to one mirror: ${rate(theirsMs).toFixed(0)}/s`,
      times: theirsMs === undefined ? undefined : theirsMs / oursMs,
      of: 'the rate',
    },
  ];
}

async function overSshfs<T>(
  mirror: SshdMirror | undefined,
  scratch: string,
  work: (directory: string) => Promise<T>,
): Promise<T | undefined> {
  const directory = join(scratch, 'sshfs');
  await mkdir(directory, { recursive: true });
  if (!mirror) throw new Error('a mirror is needed');
  const { port, identityFile, knownHosts } = mirror;
  const options = `port=${port},IdentityFile=${identityFile},UserKnownHostsFile=${knownHosts}`;
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
