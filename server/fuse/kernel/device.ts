import { close, constants, open, read, writev, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { AppError } from '../../base/errors.ts';
import { appErrorOf, hasErrno } from '../../filesystem/errno.ts';

const DEVICE = '/dev/fuse';
/** Copying more than this would hold up the event loop for longer than a pool thread costs. */
const MOST_AT_ONCE_BYTES = 64 * 1024;

/** One connection to the kernel: whole messages in, whole messages out. */
export interface Device {
  /** Waits for the next message; rejects with the errno of read(2). */
  read(target: Buffer): Promise<number>;
  /** One message in pieces. Small ones have been taken when this returns; rejects with the errno of write(2). */
  write(pieces: readonly Buffer[]): Promise<void> | void;
  /** One message that the kernel may take time over. */
  writeSlowly(pieces: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

const openFile: (path: string, flags: number) => Promise<number> = promisify(open);
const readFile = promisify(read);
const writeFile = promisify(writev);
const closeFile = promisify(close);

/** The device of this machine. */
export class FuseDevice implements Device {
  readonly descriptor: number;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Rejects with MOUNT_FAILED, saying what is missing. */
  static async open(): Promise<FuseDevice> {
    try {
      return new FuseDevice(await openFile(DEVICE, constants.O_RDWR));
    } catch (cause) {
      throw new AppError('MOUNT_FAILED', reasonOf(cause), { cause });
    }
  }

  async read(target: Buffer): Promise<number> {
    return (await readFile(this.descriptor, target, 0, target.length, null)).bytesRead;
  }

  write(pieces: readonly Buffer[]): Promise<void> | void {
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (sizeBytes > MOST_AT_ONCE_BYTES) return this.writeSlowly(pieces);
    writevSync(this.descriptor, pieces);
  }

  async writeSlowly(pieces: readonly Buffer[]): Promise<void> {
    await writeFile(this.descriptor, pieces);
  }

  async close(): Promise<void> {
    await closeFile(this.descriptor);
  }
}

function reasonOf(cause: unknown): string {
  if (hasErrno(cause, 'ENOENT', 'ENXIO', 'ENODEV')) {
    return `the device ${DEVICE} is missing (kernel module fuse; in a container: --device ${DEVICE})`;
  }
  return `the device ${DEVICE} can't be opened: ${appErrorOf(cause).message} (in a container: --device ${DEVICE})`;
}
