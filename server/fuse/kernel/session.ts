import { AppError, asAppError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { doneWithin, sleep } from '../../base/wait.ts';
import { errnoNumber, errnoOf, hasErrno } from '../../filesystem/errno.ts';
import { DONE, type Answer } from './answer.ts';
import { Call, type Route, type Run } from './call.ts';
import { Calls } from './calls.ts';
import type { Device } from './device.ts';
import { negotiate } from './negotiation.ts';
import type { Notifications } from './notifications.ts';
import { Body } from './protocol/body.ts';
import { answerHeader, messageOf, type Message } from './protocol/message.ts';
import { OPCODE } from './protocol/opcodes.ts';
import { BATCH_FORGET_IN, FORGET_IN, FORGET_ONE, INIT_IN, INTERRUPT_IN } from './protocol/structures.ts';
import type { Requests } from './requests/requests.ts';
import { WriteIntake } from './write-intake.ts';

/** While the data of one message is put aside on the disk, the other reader goes on. */
const READERS = 2;
const NOT_MOUNTED_YET_MS = 5;

export interface SessionParts {
  readonly device: Device;
  readonly requests: Requests;
  readonly notifications: Notifications;
  readonly logger: Logger;
}

/** The conversation with the kernel: takes requests from the device, and answers each exactly once. */
export class Session {
  readonly #parts: SessionParts;
  readonly #calls = new Calls();
  readonly #writes = new WriteIntake();
  #readers: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #isEnding = false;
  #refusesNew = false;
  #onReady: ((minor: number) => void) | undefined;
  #onEnd: ((reason: string) => void) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Begins to read; `ready` resolves with the agreed minor version, `ended` when the kernel has closed the device. */
  start(): { readonly ready: Promise<number>; readonly ended: Promise<string> } {
    const ready = new Promise<number>((resolve) => (this.#onReady = resolve));
    const ended = new Promise<string>((resolve) => (this.#onEnd = resolve));
    this.#readers = Promise.all(Array.from({ length: READERS }, () => this.#read()));
    return { ready, ended };
  }

  /**
   * Answers what is under way, refuses what comes after it, and interrupts what takes too long. Resolves with
   * false if something is left even then.
   */
  async drain(limitMs: number): Promise<boolean> {
    this.#refusesNew = true;
    if (await this.#calls.idleWithin(limitMs)) return true;
    this.#calls.interruptAll(new AppError('SHUTTING_DOWN'));
    return this.#calls.idleWithin(limitMs);
  }

  /** Closes the device once its reads have ended, which they do with the connection; false if that takes longer. */
  stop(limitMs: number): Promise<boolean> {
    this.#isEnding = true;
    this.#closed ??= this.#readers.then(() => this.#parts.device.close());
    return doneWithin(this.#closed, limitMs);
  }

  async #read(): Promise<void> {
    while (!this.#isEnding) {
      const buffer = this.#writes.takeBuffer();
      let sizeBytes = 0;
      try {
        sizeBytes = await this.#parts.device.read(buffer);
      } catch (error) {
        if (!(await this.#mayGoOn(error))) return this.#end(error);
      }
      // A write's data may stay where it is until it is answered; then the next read gets another buffer.
      const isKept = sizeBytes > 0 && (await this.#take(buffer.subarray(0, sizeBytes), buffer));
      if (!isKept) this.#writes.giveBuffer(buffer);
    }
  }

  async #mayGoOn(error: unknown): Promise<boolean> {
    // Until the mount is there the device says EPERM.
    const isTooEarly = this.#onReady !== undefined && hasErrno(error, 'EPERM');
    if (isTooEarly) await sleep(NOT_MOUNTED_YET_MS);
    return isTooEarly || hasErrno(error, 'ENOENT', 'EINTR', 'EAGAIN');
  }

  #end(error: unknown): void {
    this.#isEnding = true;
    if (!hasErrno(error, 'ENODEV')) this.#parts.logger.error('device-failed', { error });
    this.#onEnd?.(hasErrno(error, 'ENODEV') ? 'the mount was taken away' : 'the device failed');
  }

  /** Whether the message's memory is still needed. */
  async #take(bytes: Buffer, buffer: Buffer): Promise<boolean> {
    const message = messageOf(bytes);
    if (!message) {
      this.#parts.logger.error('message-unreadable', { sizeBytes: bytes.length });
      return false;
    }
    if (this.#noticed(message)) return false;
    const call = new Call(message.header);
    this.#calls.add(call);
    if (message.header.opcode === OPCODE.WRITE) {
      return this.#writes.take(message, buffer, call.caller, (data) =>
        this.#carryOut(call, async () => this.#runOf(message, await data())(call)),
      );
    }
    const run = this.#runOf(message, message.body);
    // Nobody waits for a release: whoever came with it goes first.
    if (message.header.opcode === OPCODE.RELEASE) setImmediate(() => void this.#carryOut(call, run));
    else void this.#carryOut(call, run);
    return false;
  }

  /** Messages that want no answer. */
  #noticed({ header, body }: Message): boolean {
    try {
      return this.#notice(header.opcode, header.nodeid, new Body(body));
    } catch (error) {
      this.#parts.logger.error('message-unreadable', { opcode: header.opcode, error: asAppError(error) });
      return true;
    }
  }

  #notice(opcode: number, nodeid: number, body: Body): boolean {
    const { requests } = this.#parts;
    if (opcode === OPCODE.INTERRUPT) {
      this.#calls.interrupt(body.structure(INTERRUPT_IN).unique);
    } else if (opcode === OPCODE.FORGET) {
      requests.forget(nodeid, body.structure(FORGET_IN).nlookup);
    } else if (opcode === OPCODE.BATCH_FORGET) {
      for (let left = body.structure(BATCH_FORGET_IN).count; left > 0; left--) {
        const one = body.structure(FORGET_ONE);
        requests.forget(one.nodeid, one.nlookup);
      }
    } else return false;
    return true;
  }

  /** What there is to do, its arguments taken at once. */
  #runOf({ header }: Message, body: Buffer): Run {
    try {
      return this.#routeOf(header.opcode)(new Body(body));
    } catch (error) {
      return () => Promise.reject(asAppError(error));
    }
  }

  #routeOf(opcode: number): Route {
    if (opcode === OPCODE.INIT) return (body) => this.#init(body);
    if (opcode === OPCODE.DESTROY) return () => async () => DONE;
    const isLast = opcode === OPCODE.RELEASE || opcode === OPCODE.RELEASEDIR;
    if (this.#refusesNew && !isLast) throw new AppError('NO_DEVICE');
    const known = this.#parts.requests.routeOf(opcode);
    if (!known) throw new AppError('NOT_IMPLEMENTED');
    return known;
  }

  #init(body: Body): Run {
    const { answer, minor } = negotiate(body.structure(INIT_IN));
    const ready = () => {
      if (minor !== undefined) this.#onReady?.(minor);
      this.#onReady = undefined;
    };
    return async () => ({ ...answer, sent: ready });
  }

  /** Never rejects: an unanswered request would block its caller for ever. */
  async #carryOut(call: Call, run: Run): Promise<void> {
    try {
      this.#answer(call, await run(call));
    } catch (thrown) {
      const error = asAppError(thrown);
      const { opcode } = call.header;
      if (error.code === 'BUG') this.#parts.logger.error('request-failed', { opcode, error });
      this.#answerError(call, errnoOf(error));
    } finally {
      this.#calls.remove(call);
    }
  }

  #answer({ header }: Call, { body, sent, unheard }: Answer): void {
    const sizeBytes = body.reduce((sum, piece) => sum + piece.length, 0);
    const failure = this.#send([answerHeader(header.unique, 0, sizeBytes), ...body]);
    sent?.();
    if (!failure) return;
    unheard?.();
    // EINVAL: the kernel found the answer impossible and has not taken it.
    if (hasErrno(failure, 'EINVAL')) this.#answerError({ header }, errnoNumber('EIO'));
  }

  #answerError({ header }: Pick<Call, 'header'>, errno: number): void {
    this.#send([answerHeader(header.unique, -errno, 0)]);
  }

  /** Answers why the kernel didn't take it: ENOENT is a request given up, ENODEV a mount gone. */
  #send(pieces: readonly Buffer[]): unknown {
    try {
      // Written before this returns, so that a node is told in the same step as it is counted.
      this.#parts.device.write(pieces);
      return undefined;
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'ENODEV', 'ENOTCONN'))
        this.#parts.logger.error('answer-refused', { error });
      return error;
    }
  }
}
