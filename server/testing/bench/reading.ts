import { ApplianceProcess } from '../appliance-process.ts';
import { overSshfs } from './sshfs.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { dropCaches, READ_FILE, timed, WRITE_FILE } from './timed.ts';

const RUNS = 5;
const MIB = 400;
const PIECE_KIB = 1024;
const PAGE_KIB = 4;

/** Reads a file in a directory, and answers how many milliseconds that took. */
type Read = (directory: string) => Promise<number>;

/**
 * One large file, read through the mount and where it really is. What is read again comes from the kernel's cache, for each FUSE
 * file system in the same way: sshfs shows how fast that is. That cache keeps such files page by page, and those of a disk in
 * large pieces; who reads page by page sees little of it.
 */
export async function measureReading({ mirrors, scratch }: BenchPlace): Promise<Row[]> {
  const appliance = new ApplianceProcess({ mirrors: [] });
  const write = (directory: string) => timed(directory, WRITE_FILE, 'large', String(MIB));
  const read = (directory: string, pieceKib = PIECE_KIB) =>
    timed(directory, READ_FILE, 'large', String(pieceKib));
  const cold: Read = async (directory) => {
    await dropCaches('all');
    return read(directory);
  };
  const cached = async (directory: string, pieceKib = PIECE_KIB) => {
    await read(directory);
    return read(directory, pieceKib);
  };
  const inPages: Read = (directory) => cached(directory, PAGE_KIB);
  const again = `${MIB} MiB read again`;
  try {
    await appliance.start();
    const { mountPoint, localPath } = appliance;
    await write(mountPoint);
    const plain = { name: 'the plain directory', directory: localPath };
    const besideSshfs = async (directory: string) => {
      await write(directory);
      return compared(again, cached, mountPoint, { name: 'sshfs with `kernel_cache`', directory });
    };
    const overPeer = await overSshfs(mirrors[0], scratch, besideSshfs, ['kernel_cache']);
    return [
      await compared(again, cached, mountPoint, plain),
      await compared(`${again} in pieces of ${PAGE_KIB} KiB`, inPages, mountPoint, plain),
      ...(overPeer ? [overPeer] : []),
      await compared(`${MIB} MiB read, nothing cached`, cold, mountPoint, plain),
    ];
  } finally {
    await appliance.stop();
  }
}

async function compared(
  what: string,
  read: Read,
  mountPoint: string,
  other: { readonly name: string; readonly directory: string },
): Promise<Row> {
  const { oursMs, theirsMs } = await mediansOf(RUNS, {
    oursMs: () => read(mountPoint),
    theirsMs: () => read(other.directory),
  });
  const rate = (elapsedMs: number) => `${((MIB * 1000) / elapsedMs).toFixed(0)} MiB/s`;
  return {
    what,
    proxyfs: rate(oursMs),
    other: `${other.name}: ${rate(theirsMs)}`,
    times: theirsMs / oursMs,
    of: 'the speed',
  };
}
