import { ApplianceProcess } from '../appliance-process.ts';
import { countRequests } from './request-count.ts';
import { mediansOf, type Row } from './table.ts';
import { CREATE_FILES, dropCaches, STAT_FILES, timed, WRITE_FILE } from './timed.ts';

const RUNS = 5;
const FILES = 1000;
const MIB = 200;

/** One appliance with each driver and without mirrors, held against each other. */
export async function measureDrivers(): Promise<Row[]> {
  const kernel = applianceWith('kernel');
  const native = applianceWith('fuse-native');
  try {
    await kernel.start();
    await native.start();
    return [
      await writing(kernel, native),
      await looking(kernel, native),
      ...(await creating(kernel, native)),
    ];
  } finally {
    await kernel.stop();
    await native.stop();
  }
}

function applianceWith(driver: 'kernel' | 'fuse-native'): ApplianceProcess {
  return new ApplianceProcess({ mirrors: [], configuration: { mount: { driver } } });
}

async function writing(kernel: ApplianceProcess, native: ApplianceProcess): Promise<Row> {
  const write = ({ mountPoint }: ApplianceProcess) => timed(mountPoint, WRITE_FILE, 'large', String(MIB));
  const { oursMs, theirsMs } = await mediansOf(RUNS, {
    oursMs: () => write(kernel),
    theirsMs: () => write(native),
  });
  const rate = (elapsedMs: number) => `${((MIB * 1000) / elapsedMs).toFixed(0)} MiB/s`;
  return row(`${MIB} MiB written, no mirrors`, rate(oursMs), rate(theirsMs), theirsMs / oursMs);
}

async function looking(kernel: ApplianceProcess, native: ApplianceProcess): Promise<Row> {
  const count = String(FILES);
  for (const { mountPoint } of [kernel, native]) await timed(mountPoint, CREATE_FILES, 'looked-at', count);
  const look = async ({ localPath, mountPoint }: ApplianceProcess) => {
    await dropCaches('names');
    // The disk is not the subject.
    await timed(localPath, STAT_FILES, 'looked-at', count);
    return timed(mountPoint, STAT_FILES, 'looked-at', count);
  };
  const { oursMs, theirsMs } = await mediansOf(RUNS, {
    oursMs: () => look(kernel),
    theirsMs: () => look(native),
  });
  const each = (elapsedMs: number) => `${((elapsedMs * 1000) / FILES).toFixed(0)} µs each`;
  return row(`${FILES} files looked at, none cached`, each(oursMs), each(theirsMs), theirsMs / oursMs);
}

async function creating(kernel: ApplianceProcess, native: ApplianceProcess): Promise<Row[]> {
  const create = ({ mountPoint }: ApplianceProcess, name: string) =>
    timed(mountPoint, CREATE_FILES, name, String(FILES));
  const { oursMs, theirsMs } = await mediansOf(RUNS, {
    oursMs: (run) => create(kernel, `made-${run}`),
    theirsMs: (run) => create(native, `made-${run}`),
  });
  const rate = (elapsedMs: number) => `${((FILES * 1000) / elapsedMs).toFixed(0)}/s`;
  const what = `${FILES} new files of 4 KiB, no mirrors`;
  const rows = [row(what, rate(oursMs), rate(theirsMs), theirsMs / oursMs)];
  const [ours, theirs] = [await requests(kernel, create), await requests(native, create)];
  if (ours === undefined || theirs === undefined) return rows;
  const each = (count: number) => `${(count / FILES).toFixed(1)} requests each`;
  return [...rows, row('what the kernel asks for each of them', each(ours), each(theirs), theirs / ours)];
}

function requests(
  appliance: ApplianceProcess,
  create: (appliance: ApplianceProcess, name: string) => Promise<unknown>,
): Promise<number | undefined> {
  return countRequests(appliance.mountPoint, () => create(appliance, 'counted'));
}

function row(what: string, proxyfs: string, native: string, times: number): Row {
  return {
    what,
    proxyfs: `\`kernel\`: ${proxyfs}`,
    other: `\`fuse-native\`: ${native}`,
    times,
    of: 'as good',
  };
}
