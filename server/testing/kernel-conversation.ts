import { AppError } from '../base/errors.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import type { FuseHandlers } from '../fuse/driver.ts';
import type { Device } from '../fuse/kernel/device.ts';
import { NodePaths } from '../fuse/kernel/node-paths.ts';
import { NodeTable } from '../fuse/kernel/node-table.ts';
import { Notifications } from '../fuse/kernel/notifications.ts';
import { PooledBuffers } from '../fuse/kernel/pooled-buffers.ts';
import { LARGEST_CONTENT_BYTES } from '../fuse/kernel/protocol/limits.ts';
import { OPCODE } from '../fuse/kernel/protocol/opcodes.ts';
import { encoded, viewOf, type Structure } from '../fuse/kernel/protocol/structure.ts';
import { ENTRY_OUT, IN_HEADER, INIT_IN, OUT_HEADER } from '../fuse/kernel/protocol/structures.ts';
import { Requests } from '../fuse/kernel/requests/requests.ts';
import { Session } from '../fuse/kernel/session.ts';
import { MountHandlers } from '../mount/handlers.ts';
import { LocalTransactions } from './local-transactions.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitUntil } from './wait-until.ts';

const HEADER_BYTES = OUT_HEADER.sizeBytes;

export interface KernelAnswer {
  /** 0, or a negative errno. */
  readonly error: number;
  readonly body: Buffer;
}

/** A device in memory: the test is the kernel. */
class MemoryDevice implements Device {
  readonly answers = new Map<number, KernelAnswer>();
  readonly notifications: Buffer[] = [];
  /** What a write of an answer fails with, as when the kernel has given the request up. */
  failWrites: string | undefined;
  readonly #messages: Buffer[] = [];
  readonly #readers: ((message: Buffer | undefined) => void)[] = [];
  #isClosed = false;

  push(message: Buffer): void {
    const reader = this.#readers.shift();
    if (reader) reader(message);
    else this.#messages.push(message);
  }

  async read(target: Buffer): Promise<number> {
    const message = this.#messages.shift() ?? (this.#isClosed ? undefined : await this.#next());
    if (!message) throw Object.assign(new Error('no device'), { code: 'ENODEV' });
    return message.copy(target);
  }

  write(pieces: readonly Buffer[]): void {
    if (this.failWrites !== undefined)
      throw Object.assign(new Error(this.failWrites), { code: this.failWrites });
    const bytes = Buffer.concat(pieces);
    const { len, error, unique } = OUT_HEADER.read(viewOf(bytes), 0);
    if (len !== bytes.length) throw new AppError('BUG', 'an answer of another length than it says');
    if (unique === 0) this.notifications.push(bytes);
    else if (this.answers.has(unique)) throw new AppError('BUG', 'a request was answered twice');
    else this.answers.set(unique, { error, body: bytes.subarray(HEADER_BYTES) });
  }

  async writeSlowly(pieces: readonly Buffer[]): Promise<void> {
    this.write(pieces);
  }

  async close(): Promise<void> {
    this.unplug();
  }

  unplug(): void {
    this.#isClosed = true;
    for (const reader of this.#readers.splice(0)) reader(undefined);
  }

  #next(): Promise<Buffer | undefined> {
    return new Promise((resolve) => this.#readers.push(resolve));
  }
}

/** A session of the kernel driver on a real local tree, spoken to request by request. */
export class KernelConversation {
  readonly device = new MemoryDevice();
  readonly nodes = new NodeTable();
  readonly engine: LocalTransactions;
  readonly directory: string;
  readonly ended: Promise<string>;
  readonly session: Session;
  readonly requests: Requests;
  #lastUnique = 0;

  constructor(directory: string, engine: LocalTransactions, handlers: FuseHandlers, logger: Logger) {
    const { device, nodes } = this;
    const notifications = new Notifications(device, logger);
    this.directory = directory;
    this.engine = engine;
    this.requests = new Requests({
      handlers,
      nodes,
      paths: new NodePaths(nodes),
      notifications,
      readBuffers: new PooledBuffers(LARGEST_CONTENT_BYTES, 2),
    });
    this.session = new Session({ device, requests: this.requests, notifications, logger });
    this.ended = this.session.start().ended;
  }

  /** Sends a message of the kernel; its number is answered. */
  send(opcode: number, nodeid: number, body: Buffer, uid = 0): number {
    const unique = (this.#lastUnique += 2);
    const header = { len: IN_HEADER.sizeBytes + body.length, opcode, unique, nodeid, uid, gid: uid, pid: 1 };
    this.device.push(Buffer.concat([encoded(IN_HEADER, header), body]));
    return unique;
  }

  async answerTo(unique: number): Promise<KernelAnswer> {
    const answer = await waitUntil(`request ${unique} is answered`, () => this.device.answers.get(unique));
    this.device.answers.delete(unique);
    return answer;
  }

  ask(opcode: number, nodeid: number, body: Buffer = Buffer.alloc(0), uid = 0): Promise<KernelAnswer> {
    return this.answerTo(this.send(opcode, nodeid, body, uid));
  }

  /** Asks and takes the entry out of the answer. */
  async entry(opcode: number, nodeid: number, body: Buffer) {
    const answer = await this.ask(opcode, nodeid, body);
    if (answer.error !== 0) throw new Error(`refused with ${answer.error}`);
    return ENTRY_OUT.read(viewOf(answer.body), 0);
  }
}

/** Starts one, negotiated; `stop` ends it and removes its directory. */
export async function kernelConversation(logger: Logger = silentLogger) {
  const base = await tempDirectory('conversation');
  const tree = new LocalTree(base.path, `${base.path}/.proxyfs`);
  await tree.start();
  const engine = new LocalTransactions(tree);
  const handlers = new MountHandlers({ local: tree, transactions: engine, logger });
  const conversation = new KernelConversation(base.path, engine, handlers, logger);
  await conversation.requests.start();
  const offer = { major: 7, minor: 45, max_readahead: 131_072, flags: 0xffff_ffff };
  await conversation.ask(OPCODE.INIT, 0, encoded(INIT_IN, offer));
  const stop = async () => {
    conversation.device.unplug();
    await conversation.session.drain(5000);
    await conversation.session.stop(1000);
    await conversation.requests.releaseAll();
    await handlers.close();
    await tree.stop();
    await base.remove();
  };
  return { conversation, stop };
}

/** A name as messages carry it. */
export function text(...names: readonly string[]): Buffer {
  return Buffer.from(names.map((name) => `${name}\0`).join(''));
}

export function message<T>(layout: Structure<T>, value: T, ...names: readonly string[]): Buffer {
  return Buffer.concat([encoded(layout, value), text(...names)]);
}
