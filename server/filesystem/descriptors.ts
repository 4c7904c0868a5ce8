import {
  close,
  closeSync,
  constants,
  fchmod,
  fchown,
  fdatasync,
  fsync,
  ftruncate,
  open,
  read,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

/** Never through a symlink, never waiting for the other end of a FIFO. */
export const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Up to here a write is made at once. */
const SMALL_BYTES = 16 * 1024;

const readOnce = promisify(read);
const writeOnce = promisify(write);

/** node:fs by plain descriptors: no object and no finaliser for each open file. */
export const openDescriptor: (path: string, flags: number, mode?: number) => Promise<number> =
  promisify(open);
export const closeDescriptor = promisify(close);
export const truncateDescriptor: (fd: number, sizeBytes: number) => Promise<void> = promisify(ftruncate);
export const syncDescriptor = promisify(fsync);
export const syncDataDescriptor = promisify(fdatasync);
export const chmodDescriptor = promisify(fchmod);
export const chownDescriptor = promisify(fchown);

/** Closes what nothing depends on any more. */
export function closeQuietly(fd: number): void {
  try {
    // A turn through the thread pool costs more than the call.
    closeSync(fd);
  } catch {
    // Every write was checked when it was made; what close(2) adds on some network file systems comes too late for anyone.
  }
}

/** Reads until `target` is full or the file ends; answers the byte count. */
export async function readFully(fd: number, target: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await readOnce(fd, target, done, target.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Writes all of `data`; after a rejection a part of it may be there. */
export async function writeFully(fd: number, data: Buffer, position: number): Promise<void> {
  let done = 0;
  // Into the page cache this is a copy of a few pages, and a turn through the thread pool costs more.
  if (data.length <= SMALL_BYTES) done = writeSync(fd, data, 0, data.length, position);
  while (done < data.length) {
    const { bytesWritten } = await writeOnce(fd, data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}
