import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonLogger } from '../../base/logger.ts';
import {
  type KernelConversation,
  kernelConversation,
  message,
  text,
} from '../../testing/kernel-conversation.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { FLAGS } from './protocol/flags.ts';
import { OPCODE } from './protocol/opcodes.ts';
import { encoded } from './protocol/structure.ts';
import * as structures from './protocol/structures.ts';

const { EINVAL } = constants.errno;
const ROOT = FLAGS.FUSE_ROOT_ID;

let kernel: KernelConversation;
let stop: () => Promise<void>;
let log: string[];

beforeEach(async () => {
  log = [];
  const started = await kernelConversation(jsonLogger('info', (line) => log.push(line)));
  kernel = started.conversation;
  stop = started.stop;
});

afterEach(() => stop());

const lookup = (parent: number, name: string) => kernel.entry(OPCODE.LOOKUP, parent, text(name));

/** Every request that has a body, as the kernel sends it, with a handle that there isn't. */
function wholeRequests(): readonly (readonly [string, number, Buffer])[] {
  const fh = 4711;
  const at = { fh, offset: 0, size: 5 };
  const time = { atime: 0n, mtime: 0n, atimensec: 0, mtimensec: 0 };
  const write = encoded(structures.WRITE_IN, { ...at, write_flags: 0, flags: 2 });
  const sync = encoded(structures.FSYNC_IN, { fh, fsync_flags: 0 });
  const open = encoded(structures.OPEN_IN, { flags: 0 });
  const read = encoded(structures.READ_IN, at);
  const bodies = {
    LOOKUP: text('none'),
    GETATTR: encoded(structures.GETATTR_IN, { getattr_flags: 0, fh }),
    SETATTR: encoded(structures.SETATTR_IN, { valid: 0, fh, size: 0, ...time, mode: 0, uid: 0, gid: 0 }),
    SYMLINK: text('l', 'target'),
    MKNOD: message(structures.MKNOD_IN, { mode: 0o100_644 }, 'made'),
    MKDIR: message(structures.MKDIR_IN, { mode: 0o755 }, 'directory'),
    UNLINK: text('none'),
    RMDIR: text('none'),
    RENAME: message(structures.RENAME_IN, { newdir: ROOT }, 'none', 'other'),
    RENAME2: message(structures.RENAME2_IN, { newdir: ROOT, flags: 1 }, 'none', 'other'),
    LINK: message(structures.LINK_IN, { oldnodeid: 99 }, 'linked'),
    OPEN: open,
    CREATE: message(structures.CREATE_IN, { flags: 2, mode: 0o100_644 }, 'created'),
    READ: read,
    WRITE: Buffer.concat([write, Buffer.from('bytes')]),
    FALLOCATE: encoded(structures.FALLOCATE_IN, { fh, offset: 0, length: 1, mode: 0 }),
    FSYNC: sync,
    OPENDIR: open,
    READDIR: read,
    READDIRPLUS: read,
    FSYNCDIR: sync,
  };
  return Object.entries(bodies).map(([name, body]) => [name, OPCODE[name as keyof typeof bodies], body]);
}

describe('requests that are cut off', () => {
  it.each(wholeRequests())(
    '%s is refused at every length but its own, and changes nothing',
    async (_, opcode, body) => {
      const cut = Array.from({ length: body.length }, (__, length) =>
        kernel.send(opcode, ROOT, body.subarray(0, length)),
      );
      for (const unique of cut) expect((await kernel.answerTo(unique)).error).toBe(-EINVAL);
      expect(kernel.engine.operations).toEqual([]);
      expect((await kernel.ask(opcode, ROOT, body)).error).not.toBe(-EINVAL);
    },
  );

  it('are passed over where no answer is wanted, or where not even the header is there', async () => {
    const forget = encoded(structures.BATCH_FORGET_IN, { count: 1000 });
    for (let length = 0; length <= forget.length; length++) {
      for (const opcode of [OPCODE.FORGET, OPCODE.BATCH_FORGET, OPCODE.INTERRUPT])
        kernel.send(opcode, ROOT, forget.subarray(0, length));
    }
    for (let length = 0; length < structures.IN_HEADER.sizeBytes; length++)
      kernel.device.push(Buffer.alloc(length));
    expect((await lookup(ROOT, 'none')).nodeid).toBe(0);
    expect(kernel.device.answers.size).toBe(0);
  });
});

it('names that are none, or that the kernel resolves by itself, are refused', async () => {
  for (const name of ['.', '..', '', 'd/f'])
    expect((await kernel.ask(OPCODE.LOOKUP, ROOT, text(name))).error).toBe(-EINVAL);
});

describe('messages of any kind', () => {
  const seed = 20_261_122;

  it(`never stop the session: 5,000 random and truncated ones (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const below = (limit: number) => random.below(limit);
    const opcodes = Object.values(OPCODE);
    const { nodeid } = await kernel.entry(
      OPCODE.MKDIR,
      ROOT,
      message(structures.MKDIR_IN, { mode: 0o755 }, 'd'),
    );
    for (let sent = 0; sent < 5000; sent++) {
      const body = Buffer.from(
        Array.from({ length: below(200) }, () => (below(3) === 0 ? below(256) : below(4))),
      );
      const opcode = below(5) === 0 ? below(2 ** 32) : (opcodes[below(opcodes.length)] ?? 0);
      kernel.send(opcode, below(2) === 0 ? nodeid : below(4), body);
      if (below(10) > 0) continue;
      const garbage = Buffer.alloc(below(100), below(256));
      if (below(2) === 0 && garbage.length >= 4) garbage.writeUInt32LE(garbage.length, 0);
      kernel.device.push(garbage);
    }
    expect((await lookup(ROOT, 'd')).nodeid).toBeGreaterThan(ROOT);
    expect(await kernel.session.drain(10_000)).toBe(true);
    expect(log.filter((line) => line.includes('request-failed'))).toEqual([]);
  });

  it('is not confused by a header that promises another length', async () => {
    const header = { len: 4000, opcode: OPCODE.LOOKUP, unique: 2, nodeid: ROOT, uid: 0, gid: 0, pid: 1 };
    kernel.device.push(encoded(structures.IN_HEADER, header));
    expect((await lookup(ROOT, 'none')).nodeid).toBe(0);
  });
});
