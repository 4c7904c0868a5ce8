import { constants, openSync, type BigIntStats } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { CAREFULLY, closeQuietly, openDescriptor } from './descriptors.ts';
import { appErrorOf, hasErrno } from './errno.ts';
import { lstatNow } from './local-stat.ts';
import type { Pace } from './pace.ts';
import type { UndoSlots } from './undo-slots.ts';

/** Opens files of the tree as their owner may, whatever their mode says at the moment. */
export class LocalOpening {
  readonly #slots: UndoSlots;
  readonly #pace: Pace;

  constructor(slots: UndoSlots, pace: Pace) {
    this.#slots = slots;
    this.#pace = pace;
  }

  readonly forChange = (absolute: string): Promise<number> => this.#open(absolute, constants.O_RDWR);
  readonly forReading = (absolute: string): Promise<number> => this.#open(absolute, constants.O_RDONLY);

  async #open(absolute: string, access: number): Promise<number> {
    try {
      return await this.#pace.run(
        () => openSync(absolute, access | CAREFULLY),
        () => openDescriptor(absolute, access | CAREFULLY),
      );
    } catch (error) {
      if (!hasErrno(error, 'EACCES')) throw appErrorOf(error);
      const stat = lstatNow(absolute);
      // A caller may write through a handle that it got before the mode forbade it (git's objects are
      // created read-only); without root this process has to open the file anew, and the mode up for that.
      if (!stat.isFile() || Number(stat.uid) !== process.geteuid?.()) throw appErrorOf(error);
      return this.#openLocked(absolute, access, stat);
    }
  }

  async #openLocked(absolute: string, access: number, stat: BigIntStats): Promise<number> {
    const mode = Number(stat.mode & 0o7777n);
    const putBack = () => chmod(absolute, mode);
    const slot = await this.#slots.take();
    let fd: number | undefined;
    try {
      return await this.#slots.guard(slot, {
        record: { kind: 'mode', path: absolute, device: stat.dev, inode: stat.ino, mode },
        carryOut: async () => {
          await chmod(absolute, mode | 0o600);
          fd = await openDescriptor(absolute, access | CAREFULLY);
          await putBack();
          return fd;
        },
        putBack,
      });
    } catch (error) {
      if (fd !== undefined) closeQuietly(fd);
      throw error;
    } finally {
      this.#slots.give(slot);
    }
  }
}
