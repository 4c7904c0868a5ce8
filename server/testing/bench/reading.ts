import { ApplianceProcess } from '../appliance-process.ts';
import { mediansOf, type Row } from './table.ts';
import { dropCaches, READ_FILE, timed, WRITE_FILE } from './timed.ts';

const RUNS = 5;
const MIB = 400;

/** One large file, read through the mount and where it really is. */
export async function measureReading(): Promise<Row[]> {
  const appliance = new ApplianceProcess({ mirrors: [] });
  try {
    await appliance.start();
    await timed(appliance.mountPoint, WRITE_FILE, 'large', String(MIB));
    const read = (directory: string) => timed(directory, READ_FILE, 'large');
    const cold = async (directory: string) => {
      await dropCaches('all');
      return read(directory);
    };
    const cached = async (directory: string) => {
      await read(directory);
      return read(directory);
    };
    return [
      await compared(`${MIB} MiB read again`, cached, appliance),
      await compared(`${MIB} MiB read, nothing cached`, cold, appliance),
    ];
  } finally {
    await appliance.stop();
  }
}

async function compared(
  what: string,
  read: (directory: string) => Promise<number>,
  { mountPoint, localPath }: ApplianceProcess,
): Promise<Row> {
  const { oursMs, plainMs } = await mediansOf(RUNS, {
    oursMs: () => read(mountPoint),
    plainMs: () => read(localPath),
  });
  const rate = (elapsedMs: number) => `${((MIB * 1000) / elapsedMs).toFixed(0)} MiB/s`;
  return {
    what,
    proxyfs: rate(oursMs),
    other: `the plain directory: ${rate(plainMs)}`,
    times: plainMs / oursMs,
    of: 'the speed',
  };
}
