import { close, constants, open, readSync, writev, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { AppError } from '../../base/errors.ts';
import { appErrorOf, hasErrno } from '../../filesystem/errno.ts';
import { Readiness } from './readiness.ts';

const DEVICE = '/dev/fuse';

/** One connection to the kernel: whole messages in, whole messages out. */
export interface Device {
  /** Waits for the next message; rejects with the errno of read(2). */
  read(target: Buffer): Promise<number>;
  /** One message in pieces, taken when this returns; throws the errno of write(2). */
  write(pieces: readonly Buffer[]): void;
  /** One message that the kernel may take time over. */
  writeSlowly(pieces: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

const openFile: (path: string, flags: number) => Promise<number> = promisify(open);
const writeFile = promisify(writev);
const closeFile = promisify(close);

/** The device of this machine. */
export class FuseDevice implements Device {
  readonly descriptor: number;
  readonly #readiness: Readiness;
  readonly #slow = new Set<Promise<unknown>>();
  #isMounted = false;
  #isClosed = false;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
    this.#readiness = new Readiness(descriptor);
  }

  /** Rejects with MOUNT_FAILED, saying what is missing. */
  static async open(): Promise<FuseDevice> {
    try {
      return new FuseDevice(await openFile(DEVICE, constants.O_RDWR | constants.O_NONBLOCK));
    } catch (cause) {
      throw new AppError('MOUNT_FAILED', reasonOf(cause), { cause });
    }
  }

  async read(target: Buffer): Promise<number> {
    // RACE: who waits for a device that isn't mounted yet is never woken once it is: its driver has nothing to enter
    // them in. So the first thing that isn't EPERM is read without waiting.
    if (this.#isMounted) await this.#readiness.wait();
    // At once, also the largest: the turn through the thread pool takes longer than copying it.
    try {
      const sizeBytes = readSync(this.descriptor, target);
      this.#isMounted = true;
      return sizeBytes;
    } catch (error) {
      this.#isMounted ||= !hasErrno(error, 'EPERM');
      throw error;
    }
  }

  /** At once, as `read` does. */
  write(pieces: readonly Buffer[]): void {
    this.#checkOpen();
    writevSync(this.descriptor, pieces);
  }

  async writeSlowly(pieces: readonly Buffer[]): Promise<void> {
    this.#checkOpen();
    const writing = writeFile(this.descriptor, pieces);
    this.#slow.add(writing);
    await writing.finally(() => this.#slow.delete(writing));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#readiness.close();
    // RACE: what still waits in the thread pool has the number of the descriptor, which would be another file's soon.
    await Promise.allSettled(this.#slow);
    await closeFile(this.descriptor);
  }

  /** RACE: what was left at an unmount is answered late, when the descriptor may be that of somebody's file. */
  #checkOpen(): void {
    if (this.#isClosed) throw Object.assign(new Error('the device is closed'), { code: 'ENODEV' });
  }
}

function reasonOf(cause: unknown): string {
  if (hasErrno(cause, 'ENOENT', 'ENXIO', 'ENODEV')) {
    return `the device ${DEVICE} is missing (kernel module fuse; in a container: --device ${DEVICE})`;
  }
  return `the device ${DEVICE} can't be opened: ${appErrorOf(cause).message} (in a container: --device ${DEVICE})`;
}
