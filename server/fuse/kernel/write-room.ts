import { open, unlink, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cancellation } from '../../base/cancellation.ts';
import { AppError } from '../../base/errors.ts';
import { appErrorOf } from '../../filesystem/errno.ts';

interface Waiting {
  readonly sizeBytes: number;
  readonly admit: () => void;
}

/** How much data of unfinished writes is in memory. Those that find no room wait for it in order. */
export class WriteRoom {
  readonly #mostBytes: number;
  readonly #waiting = new Set<Waiting>();
  #takenBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whether there is room at once, and nobody waits for it. */
  tryTake(sizeBytes: number): boolean {
    if (this.#waiting.size > 0 || this.#takenBytes + sizeBytes > this.#mostBytes) return false;
    this.#takenBytes += sizeBytes;
    return true;
  }

  /** Rejects with the reason when the caller gives up. */
  take(sizeBytes: number, cancellation: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        sizeBytes,
        admit: () => {
          unregister();
          resolve();
        },
      };
      this.#waiting.add(waiting);
      const unregister = cancellation.onCancel(() => {
        this.#waiting.delete(waiting);
        reject(cancellation.reason ?? new AppError('INTERRUPTED'));
      });
      this.#admitNext();
    });
  }

  give(sizeBytes: number): void {
    this.#takenBytes -= sizeBytes;
    this.#admitNext();
  }

  #admitNext(): void {
    for (const waiting of this.#waiting) {
      if (this.#takenBytes + waiting.sizeBytes > this.#mostBytes) return;
      this.#takenBytes += waiting.sizeBytes;
      this.#waiting.delete(waiting);
      waiting.admit();
    }
  }
}

/**
 * Where the data of writes lies that found no room in memory: a file without a name. Whoever reads or lists comes
 * through the same queue of the kernel as those writes, so they can't simply be left in it.
 */
export class ParkedWrites {
  #file: Promise<FileHandle> | undefined;
  readonly #freeSlots: number[] = [];
  readonly #slotBytes: number;
  #slots = 0;
  #used = 0;

  constructor(slotBytes: number) {
    this.#slotBytes = slotBytes;
  }

  /** Answers where the data is. Rejects with NO_SPACE and the like. */
  async store(data: Buffer): Promise<number> {
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    this.#used++;
    try {
      this.#file ??= namelessFile();
      const file = await this.#file;
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await file.write(
          data,
          done,
          data.length - done,
          slot * this.#slotBytes + done,
        );
        done += bytesWritten;
      }
      return slot;
    } catch (error) {
      await this.drop(slot);
      throw appErrorOf(error);
    }
  }

  async load(slot: number, sizeBytes: number): Promise<Buffer> {
    const data = Buffer.allocUnsafe(sizeBytes);
    const file = await this.#file;
    for (let done = 0; done < sizeBytes; ) {
      const read = await file?.read(data, done, sizeBytes - done, slot * this.#slotBytes + done);
      if (!read?.bytesRead) throw new AppError('INPUT_OUTPUT', 'the data of a waiting write has gone');
      done += read.bytesRead;
    }
    return data;
  }

  /** The slot is free again; the last one takes the file's space with it. */
  async drop(slot: number): Promise<void> {
    this.#freeSlots.push(slot);
    this.#used--;
    if (this.#used > 0) return;
    const file = this.#file;
    this.#file = undefined;
    this.#freeSlots.length = 0;
    this.#slots = 0;
    await file?.then((open) => open.close()).catch(() => {});
  }
}

async function namelessFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `proxyfs-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
