import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import type { SshdMirror } from '../sshd-mirror.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';

const MIB = 200;
const RUNS = 5;
const LIMIT_MS = 300_000;

/** 200 MiB into two mirrors, against what a shell would do: `tee` into two `ssh cat` and a local file. */
export async function measureLargeFile({ appliance, mirrors, scratch }: BenchPlace): Promise<Row[]> {
  await mkdir(join(scratch, 'tee'), { recursive: true });
  const source = `dd if=/dev/zero bs=1M count=${MIB} status=none`;
  // The process substitutions are waited for: the copies are complete when the time is taken.
  const tee = [
    `exec 3> >(${sshCat(mirrors[0], scratch)}) 4> >(${sshCat(mirrors[1], scratch)})`,
    `a=$(jobs -p); ${source} | tee /dev/fd/3 /dev/fd/4 >${join(scratch, 'tee/f')}`,
    'exec 3>&- 4>&-; wait',
  ].join('; ');
  const mount = `${source} of=large`;
  const shell = async (script: string, directory: string) => {
    const result = await runCommand('bash', ['-c', script], { directory, timeoutMs: LIMIT_MS });
    if (result.code !== 0) throw new Error(`${script}: ${result.stderr}`);
    return result.elapsedMs;
  };
  const { oursMs, teeMs } = await mediansOf(RUNS, {
    teeMs: () => shell(tee, scratch),
    oursMs: async () => {
      await shell('rm -f large', appliance.mountPoint);
      return shell(mount, appliance.mountPoint);
    },
  });
  const rate = (elapsedMs: number) => `${((MIB * 1000) / elapsedMs).toFixed(0)} MiB/s`;
  return [
    {
      what: `${MIB} MiB into the local tree and two mirrors`,
      proxyfs: rate(oursMs),
      other: `\`tee\` into two \`ssh cat\`: ${rate(teeMs)}`,
      times: teeMs / oursMs,
      of: 'the speed',
    },
  ];
}

function sshCat(mirror: SshdMirror | undefined, scratch: string): string {
  if (!mirror) throw new Error('two mirrors are needed');
  const { port, identityFile, knownHosts } = mirror;
  const options = `-o BatchMode=yes -o UserKnownHostsFile=${knownHosts} -i ${identityFile} -p ${port}`;
  return `ssh ${options} root@127.0.0.1 'cat >${scratch}/tee/${mirror.name}'`;
}
