import { writeSync, type BigIntStats } from 'node:fs';
import { AppError } from '../base/errors.ts';
import { readFully, truncateDescriptor, writeFully } from './descriptors.ts';
import { InodeQueue } from './inode-queue.ts';
import type { LocalPaths } from './local-paths.ts';
import { isSameInode, lstatNow } from './local-stat.ts';
import type { OpenFile, OpenFiles } from './open-files.ts';
import type { OperationOf } from './operation.ts';
import { putBackWrite } from './put-back.ts';
import type { TreePath } from './tree-path.ts';
import type { UndoRecord } from './undo-record.ts';
import { scratchOf, type UndoSlots } from './undo-slots.ts';

/** The smallest page of any Linux. */
const PAGE_BYTES = 4096;
/** How often a name may become another file's between opening and writing before that is given up. */
const MOST_ATTEMPTS = 5;

interface ContentWrite {
  readonly path: TreePath;
  readonly file: OpenFile;
  /** From just before. */
  readonly stat: BigIntStats;
  readonly offset: number;
  readonly data: Buffer;
}

/** Changes of a file's content, each one whole or not at all. */
export class LocalContent {
  readonly #paths: LocalPaths;
  readonly #files: OpenFiles;
  readonly #slots: UndoSlots;
  readonly #queue = new InodeQueue();

  constructor(paths: LocalPaths, files: OpenFiles, slots: UndoSlots) {
    this.#paths = paths;
    this.#files = files;
    this.#slots = slots;
  }

  async write({ path, offset, data }: OperationOf<'write'>): Promise<void> {
    await this.#change(path, async (file, stat) => {
      if (data.length > 0) await this.#writeGuarded({ path, file, stat, offset, data });
    });
  }

  async truncate({ path, sizeBytes }: OperationOf<'truncate'>): Promise<void> {
    await this.#change(path, (file) => truncateDescriptor(file.fd, sizeBytes));
  }

  /** One change at a time for each file, on the file that has the name when its turn comes. */
  async #change(path: TreePath, work: (file: OpenFile, stat: BigIntStats) => Promise<void>): Promise<void> {
    const absolute = this.#paths.absolute(path);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const done = await this.#files.use(path, absolute, (file) =>
        this.#queue.run(`${file.dev}:${file.ino}`, async () => {
          const stat = lstatNow(absolute);
          if (!isSameInode(stat, file)) return false;
          await work(file, stat);
          return true;
        }),
      );
      if (done) return;
    }
    throw new AppError('BUSY', 'the name kept becoming another file’s');
  }

  async #writeGuarded(change: ContentWrite): Promise<void> {
    const { path, file, stat, offset, data } = change;
    if (isAppendInOnePage(change) && writtenAtOnce(file.fd, data, offset)) return;
    const slot = await this.#slots.take();
    try {
      const record: UndoRecord = {
        kind: 'write',
        path: this.#paths.absolute(path),
        device: stat.dev,
        inode: stat.ino,
        offset,
        sizeBytes: Number(stat.size),
        atimeNs: stat.atimeNs,
        mtimeNs: stat.mtimeNs,
      };
      // A pure append has no old bytes: its undo is the old size.
      const overlapBytes = Math.max(0, Math.min(offset + data.length, record.sizeBytes) - offset);
      const overlap = scratchOf(slot, overlapBytes);
      if (overlapBytes > 0 && (await readFully(file.fd, overlap, offset)) < overlapBytes) {
        throw new AppError('BUSY', 'the file shrank under the write');
      }
      await this.#slots.guard(slot, {
        record,
        overlap,
        carryOut: () => writeFully(file.fd, data, offset),
        putBack: () => putBackWrite(file.fd, record, overlap),
      });
    } finally {
      this.#slots.give(slot);
    }
  }
}

/**
 * What lies in one page of the page cache and overwrites nothing needs no guard: the system copies it in one step,
 * which the end of this process doesn't interrupt (Linux: generic_perform_write in mm/filemap.c looks for a signal
 * between pages).
 */
function isAppendInOnePage({ stat, offset, data }: ContentWrite): boolean {
  return offset >= Number(stat.size) && (offset % PAGE_BYTES) + data.length <= PAGE_BYTES;
}

/** False where it was cut short all the same: the guarded way then writes it anew, or takes it back. */
function writtenAtOnce(fd: number, data: Buffer, offset: number): boolean {
  return writeSync(fd, data, 0, data.length, offset) === data.length;
}
