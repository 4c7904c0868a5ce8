import { constants, writeSync } from 'node:fs';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { bootIdOf } from '../base/boot-id.ts';
import { AppError, invariant } from '../base/errors.ts';
import { closeDescriptor, openDescriptor, writeFully } from './descriptors.ts';
import { appErrorOf } from './errno.ts';
import { ensurePrivateDirectory } from './local-paths.ts';
import { decodeRecord, encodeRecord, MAGIC_BYTES, OVERLAP_OFFSET, type UndoRecord } from './undo-record.ts';

/** Changes in several steps under way at once; more wait. Each slot may keep as much as the largest write. */
const MAX_SLOTS = 16;
const NO_BYTES = Buffer.alloc(0);
const FREE = Buffer.alloc(MAGIC_BYTES);
const SLOT_NAME = /^slot-\d+$/;

/** Where a test may stop the process: a kind of record, and what has just been done under it. */
export type LocalStep = `${UndoRecord['kind']}:${'armed' | 'done' | 'disarmed'}`;
export type StepHook = (step: LocalStep) => void | Promise<void>;

/** One change in several steps. */
export interface GuardedChange<Result> {
  readonly record: UndoRecord;
  /** The old bytes that a write overlaps. */
  readonly overlap?: Buffer;
  readonly carryOut: () => Promise<Result>;
  /** Takes back whatever part of it was done. */
  readonly putBack: () => Promise<void>;
}

/** A place for one undo record at a time. */
export interface UndoSlot {
  readonly fd: number;
  readonly file: string;
  /** Memory for the overlapped bytes, used again from one write to the next. */
  scratch: Buffer;
}

/**
 * Small preallocated files that each hold what one change in progress would have to put back. They guard
 * against the end of this process, not of the machine: nothing here is flushed, the page cache outlives us.
 * After the machine went down they are worth nothing, and worse: the disk may hold a record as armed whose
 * clearing it never got, and following that would take an acknowledged write back. So each names its boot.
 */
export class UndoSlots {
  readonly #directory: string;
  readonly #step: StepHook | undefined;
  readonly #free: UndoSlot[] = [];
  readonly #all: UndoSlot[] = [];
  readonly #waiting: ((slot: UndoSlot) => void)[] = [];
  #opened = 0;
  #bootId: string | undefined;
  #failure: AppError | undefined;

  constructor(directory: string, step?: StepHook) {
    this.#directory = directory;
    this.#step = step;
  }

  async start(): Promise<void> {
    await ensurePrivateDirectory(this.#directory);
    this.#bootId = await bootIdOf();
    this.give(await this.#open());
  }

  /** Removes the slots; after a failure they stay, for the next start to put back what they say. */
  async stop(): Promise<void> {
    this.#free.length = 0;
    for (const slot of this.#all.splice(0)) {
      await closeDescriptor(slot.fd);
      if (!this.#failure) await unlink(slot.file).catch(() => {});
    }
  }

  /** Hands each record that an ended process left to `putBack`, then forgets it. */
  async recover(putBack: (record: UndoRecord, overlap: Buffer) => Promise<void>): Promise<void> {
    invariant(this.#all.length === 0, 'undo slots are recovered before they are used');
    await ensurePrivateDirectory(this.#directory);
    const bootId = await bootIdOf();
    for (const name of await readdir(this.#directory)) {
      if (!SLOT_NAME.test(name)) continue;
      const file = join(this.#directory, name);
      const left = decodeRecord(await readFile(file));
      if (left && left.bootId === bootId) await putBack(left.record, left.overlap);
      await unlink(file);
    }
  }

  /** Throws where an earlier change could not be put back: the tree must not change any more. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async take(): Promise<UndoSlot> {
    this.check();
    const free = this.#free.pop();
    if (free) return free;
    if (this.#opened < MAX_SLOTS) return this.#open();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(slot: UndoSlot): void {
    const next = this.#waiting.shift();
    if (next) next(slot);
    else this.#free.push(slot);
  }

  /** Carries a change out as a whole or not at all, against its own failure and against the end of this process. */
  async guard<Result>(slot: UndoSlot, change: GuardedChange<Result>): Promise<Result> {
    this.check();
    const { kind } = change.record;
    const overlap = change.overlap ?? NO_BYTES;
    await arm(slot, encodeRecord(change.record, overlap, this.#bootId ?? ''), overlap);
    if (this.#step) await this.#step(`${kind}:armed`);
    let result: Result;
    try {
      result = await change.carryOut();
      if (this.#step) await this.#step(`${kind}:done`);
    } catch (error) {
      await change.putBack().catch((cause: unknown) => this.#fail(cause));
      this.#disarm(slot);
      throw appErrorOf(error);
    }
    this.#disarm(slot);
    if (this.#step) await this.#step(`${kind}:disarmed`);
    return result;
  }

  /** Synchronous and before any answer: from here on the change stands, or is undone. */
  #disarm(slot: UndoSlot): void {
    try {
      writeSync(slot.fd, FREE, 0, FREE.length, 0);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * An armed record that can't be cleared would take later changes back with it. So there are none: the next
   * start undoes this change, and its caller hears that it failed.
   */
  #fail(cause: unknown): never {
    this.#failure ??= new AppError('COMMIT_FAILED', 'a failed change could not be put back', { cause });
    throw this.#failure;
  }

  async #open(): Promise<UndoSlot> {
    const file = join(this.#directory, `slot-${this.#opened++}`);
    try {
      const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
      const fd = await openDescriptor(file, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
      const slot = { fd, file, scratch: NO_BYTES };
      this.#all.push(slot);
      // Space for the record is taken now: neither an append nor its undo may fail for want of it later.
      await writeFully(fd, Buffer.alloc(OVERLAP_OFFSET), 0);
      return slot;
    } catch (error) {
      throw appErrorOf(error);
    }
  }
}

/** Room for so many old bytes, valid until the slot is given back. */
export function scratchOf(slot: UndoSlot, lengthBytes: number): Buffer {
  if (slot.scratch.length < lengthBytes) slot.scratch = Buffer.allocUnsafe(lengthBytes);
  return slot.scratch.subarray(0, lengthBytes);
}

/** From here on an end of the process takes the change back. After a rejection the record is torn, which counts as none. */
async function arm(slot: UndoSlot, encoded: Buffer, overlap: Buffer): Promise<void> {
  invariant(encoded.length <= OVERLAP_OFFSET, 'an undo record fits its place');
  try {
    // ORDER: the bytes first, then the record that vouches for them.
    if (overlap.length > 0) await writeFully(slot.fd, overlap, OVERLAP_OFFSET);
    const written = writeSync(slot.fd, encoded, 0, encoded.length, 0);
    if (written !== encoded.length) throw new AppError('INPUT_OUTPUT', 'an undo record was cut short');
  } catch (error) {
    throw appErrorOf(error);
  }
}
