import { AppError, asAppError } from '../../base/errors.ts';
import type { Caller } from '../driver.ts';
import { MESSAGE_BYTES } from './protocol/limits.ts';
import type { Message } from './protocol/message.ts';
import { ParkedWrites, WriteRoom } from './write-room.ts';

/** How much data of unfinished writes stays in memory; the rest waits in a file. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** Smaller writes are copied out of the large buffer they arrived in. */
const COPIED_BYTES = 64 * 1024;
/** Buffers kept for the next messages when the writes that needed them are done. */
const KEPT_BUFFERS = 8;

/**
 * Where messages are read into, and where the data of writes stays until they are answered. Writes that wait for
 * a frozen mirror may be many: their memory is bounded, and they never keep other requests from being read.
 */
export class WriteIntake {
  readonly #room = new WriteRoom(MOST_WAITING_BYTES);
  readonly #parked = new ParkedWrites(MESSAGE_BYTES);
  readonly #buffers: Buffer[] = [];

  /** Memory for the next message. */
  takeBuffer(): Buffer {
    return this.#buffers.pop() ?? Buffer.allocUnsafeSlow(MESSAGE_BYTES);
  }

  giveBuffer(buffer: Buffer): void {
    if (this.#buffers.length < KEPT_BUFFERS) this.#buffers.push(buffer);
  }

  /**
   * Carries a write out as soon as there is room for its data, which `carryOut` asks for. Answers whether `buffer`
   * is kept until then.
   */
  async take(
    { body }: Message,
    buffer: Buffer,
    caller: Caller,
    carryOut: (data: () => Promise<Buffer>) => Promise<void>,
  ): Promise<boolean> {
    if (!this.#room.tryTake(body.length)) {
      await this.#park(body, caller, carryOut);
      return false;
    }
    const isKept = body.length > COPIED_BYTES;
    const data = isKept ? body : Buffer.from(body);
    void carryOut(async () => data).finally(() => {
      this.#room.give(body.length);
      if (isKept) this.giveBuffer(buffer);
    });
    return isKept;
  }

  /** Resolves when the data is out of the message's memory, while the write itself still waits. */
  async #park(
    body: Buffer,
    caller: Caller,
    carryOut: (data: () => Promise<Buffer>) => Promise<void>,
  ): Promise<void> {
    const sizeBytes = body.length;
    const stored = await this.#parked.store(body).catch(asAppError);
    if (stored instanceof AppError) {
      void carryOut(() => Promise.reject(stored));
      return;
    }
    let hasRoom = false;
    const load = async () => {
      await this.#room.take(sizeBytes, caller.cancellation);
      hasRoom = true;
      return this.#parked.load(stored, sizeBytes);
    };
    void carryOut(load).finally(() => {
      if (hasRoom) this.#room.give(sizeBytes);
      void this.#parked.drop(stored);
    });
  }
}
