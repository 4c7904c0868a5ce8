import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MirrorView } from '../../../shared/api.ts';
import { ApplianceProcess } from '../appliance-process.ts';
import { pinOf, type SshdMirror } from '../sshd-mirror.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { overSshfs } from './sshfs.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed } from './timed.ts';

const FILES = 1000;
/** The first ones also warm up what is compiled while it runs. */
const RUNS = 7;
/** One way, beside what the hop itself takes: together some tenths of a millisecond, as far as a local network reaches. */
const LINE_MS = 0.1;

/** 1,000 new files of 4 KiB one after the other, two mirrors, against sshfs to a single one: on this machine, and some way off. */
export async function measureSmallFiles(place: BenchPlace): Promise<Row[]> {
  const { appliance, mirrors, scratch } = place;
  const what = `${FILES} new files of 4 KiB into the local tree and two mirrors`;
  return [{ what, ...(await compared(appliance, mirrors[0], scratch)) }, await overLines(place)];
}

async function compared(
  { mountPoint }: ApplianceProcess,
  mirror: SshdMirror | undefined,
  scratch: string,
  port = mirror?.port,
): Promise<Omit<Row, 'what'>> {
  const create = (directory: string, name: string) => timed(directory, CREATE_FILES, name, String(FILES));
  const ours = (run: number) => create(mountPoint, `small-${run}`);
  const both = await overSshfs(
    mirror,
    scratch,
    (directory) => mediansOf(RUNS, { oursMs: ours, theirsMs: (run) => create(directory, `s${run}`) }),
    [`port=${port}`],
  );
  const { oursMs, theirsMs } = both ?? { ...(await mediansOf(RUNS, { oursMs: ours })), theirsMs: undefined };
  const rate = (elapsedMs: number) => `${((FILES * 1000) / elapsedMs).toFixed(0)}/s`;
  return {
    proxyfs: rate(oursMs),
    other: theirsMs === undefined ? 'sshfs is not installed' : `sshfs to one mirror: ${rate(theirsMs)}`,
    times: theirsMs === undefined ? undefined : theirsMs / oursMs,
    of: 'the rate',
  };
}

async function overLines({ mirrors, scratch }: BenchPlace): Promise<Row> {
  const far = join(scratch, 'far');
  const behind = mirrors.map((mirror) => {
    const line = new TcpProxy({ targetPort: mirror.port, delayMs: LINE_MS });
    return { mirror, line, path: join(far, mirror.name) };
  });
  for (const { line, path } of behind) await Promise.all([line.start(), mkdir(path, { recursive: true })]);
  const appliance = new ApplianceProcess({
    mirrors: behind.map(({ mirror, line: { port }, path }) =>
      mirror.config({ port, path, knownHosts: undefined, hostKey: pinOf(mirror) }),
    ),
  });
  try {
    await appliance.start();
    const [first] = behind;
    const figures = await compared(appliance, first?.mirror, far, first?.line.port);
    const { body } = await appliance.api('/api/v1/mirrors/m1');
    const roundTripMs = (body as MirrorView).rttMs?.p50 ?? Number.NaN;
    return {
      what: `the same over a line on which a request takes ${roundTripMs.toFixed(1)} ms there and back`,
      ...figures,
    };
  } finally {
    await appliance.stop();
    await Promise.all(behind.map(({ line }) => line.stop()));
  }
}
