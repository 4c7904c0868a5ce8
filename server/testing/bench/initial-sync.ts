import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MirrorView } from '../../../shared/api.ts';
import { ApplianceProcess } from '../appliance-process.ts';
import { runCommand } from '../run-command.ts';
import { pinOf, type SshdMirror } from '../sshd-mirror.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { waitUntil } from '../wait-until.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed, WRITE_FILE } from './timed.ts';

const RUNS = 3;
const DIRECTORIES = 200;
const FILES_EACH = 100;
const LARGE_MIB = 2048;
const ROUND_TRIP_MS = 50;
const LIMIT_MS = 600_000;
/** Each look costs the appliance a millisecond of what is measured. */
const LOOK_MS = 50;

/** An empty mirror is filled, from connecting to being in sync, against `rsync -a -e ssh` to the same server. */
export async function measureInitialSync({ mirrors, scratch }: BenchPlace): Promise<Row[]> {
  const [mirror] = mirrors;
  if (!mirror) throw new Error('a mirror is needed');
  const distance = new TcpProxy({ targetPort: mirror.port, delayMs: ROUND_TRIP_MS / 2 });
  await distance.start();
  try {
    const count = DIRECTORIES * FILES_EACH;
    const files = (ms: number) => `${((count * 1000) / ms).toFixed(0)}/s`;
    const mebibytes = (ms: number) => `${((LARGE_MIB * 1000) / ms).toFixed(0)} MiB/s`;
    const small = join(scratch, 'small');
    const large = join(scratch, 'large');
    const near = mirror.port;
    return [
      await held(`${count} files of 4 KiB`, {
        mirror,
        port: near,
        plant: plantSmall,
        at: small,
        rate: files,
      }),
      await held(`the same at ${ROUND_TRIP_MS} ms round trip`, {
        mirror,
        port: distance.port,
        plant: plantSmall,
        at: small,
        rate: files,
      }),
      await held('2 GiB', { mirror, port: near, plant: plantLarge, at: large, rate: mebibytes }),
    ];
  } finally {
    await distance.stop();
  }
}

interface Comparison {
  readonly mirror: SshdMirror;
  /** Of the server itself, or of a link to it. */
  readonly port: number;
  readonly plant: (directory: string) => Promise<void>;
  readonly at: string;
  readonly rate: (elapsedMs: number) => string;
}

async function held(what: string, { mirror, port, plant, at, rate }: Comparison): Promise<Row> {
  const [localPath, target] = [join(at, 'local'), join(at, 'mirror')];
  for (const directory of [localPath, target]) await mkdir(directory, { recursive: true });
  await plant(localPath);
  const emptied = async () => {
    await rm(target, { recursive: true, force: true });
    await mkdir(target);
  };
  const behindLink = { port, path: target, knownHosts: undefined, hostKey: pinOf(mirror) };
  const appliance = new ApplianceProcess({
    mirrors: [mirror.config({ ...behindLink, required: false })],
    localPath,
  });
  try {
    await appliance.start();
    await inSync(appliance);
    await change(appliance, 'detach');
    const { oursMs, theirsMs } = await mediansOf(RUNS, {
      oursMs: async () => {
        await emptied();
        const startMs = performance.now();
        await change(appliance, 'attach');
        await inSync(appliance);
        const elapsedMs = performance.now() - startMs;
        await change(appliance, 'detach');
        return elapsedMs;
      },
      theirsMs: async () => {
        await emptied();
        return rsync(mirror, port, { from: localPath, to: target });
      },
    });
    return {
      what: `an empty mirror filled: ${what}`,
      proxyfs: rate(oursMs),
      other: `\`rsync -a -e ssh\`: ${rate(theirsMs)}`,
      times: theirsMs / oursMs,
      of: 'the rate',
    };
  } finally {
    await appliance.stop();
    await rm(at, { recursive: true, force: true });
  }
}

async function change(appliance: ApplianceProcess, what: 'attach' | 'detach'): Promise<void> {
  const { status } = await appliance.api(`/api/v1/mirrors/m1/${what}`, { method: 'POST' });
  if (status !== 200) throw new Error(`${what}: ${status}`);
}

async function inSync(appliance: ApplianceProcess): Promise<void> {
  const look = async () => {
    const { body } = await appliance.api('/api/v1/mirrors/m1');
    const { link, content } = body as MirrorView;
    return link === 'up' && content === 'in-sync';
  };
  await waitUntil('the mirror is in sync', look, LIMIT_MS, LOOK_MS);
}

async function rsync(
  { identityFile, knownHosts, port: own }: SshdMirror,
  port: number,
  { from, to }: { from: string; to: string },
): Promise<number> {
  const ssh = [
    `ssh -o BatchMode=yes -o UserKnownHostsFile=${knownHosts} -o HostKeyAlias=[127.0.0.1]:${own}`,
    `-i ${identityFile} -p ${port}`,
  ].join(' ');
  const args = ['-a', '--exclude=/.proxyfs', '-e', ssh, `${from}/`, `root@127.0.0.1:${to}/`];
  const { code, stderr, elapsedMs } = await runCommand('rsync', args, { timeoutMs: LIMIT_MS });
  if (code !== 0) throw new Error(stderr);
  return elapsedMs;
}

async function plantSmall(directory: string): Promise<void> {
  for (let k = 0; k < DIRECTORIES; k += 1) await timed(directory, CREATE_FILES, `d${k}`, String(FILES_EACH));
}

async function plantLarge(directory: string): Promise<void> {
  await timed(directory, WRITE_FILE, 'large', String(LARGE_MIB));
}
