import { chmod, link, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../base/errors.ts';
import { jsonLogger } from '../../base/logger.ts';
import {
  type KernelConversation,
  kernelConversation,
  message,
  text,
} from '../../testing/kernel-conversation.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import { FLAGS } from './protocol/flags.ts';
import { OPCODE } from './protocol/opcodes.ts';
import { encoded, viewOf } from './protocol/structure.ts';
import {
  BATCH_FORGET_IN,
  CREATE_IN,
  ENTRY_OUT,
  FORGET_IN,
  FORGET_ONE,
  INIT_IN,
  INIT_OUT,
  INTERRUPT_IN,
  MKDIR_IN,
  OPEN_IN,
  OPEN_OUT,
  READ_IN,
  RELEASE_IN,
  RENAME_IN,
  WRITE_IN,
  WRITE_OUT,
} from './protocol/structures.ts';

const { errno } = constants;
const ROOT = FLAGS.FUSE_ROOT_ID;
const O_RDWR = 2;
const O_CREAT = 0o100;

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
const mkdir = (parent: number, name: string) =>
  kernel.entry(OPCODE.MKDIR, parent, message(MKDIR_IN, { mode: 0o755 }, name));

async function create(parent: number, name: string) {
  const body = message(CREATE_IN, { flags: O_RDWR | O_CREAT, mode: 0o100_644 }, name);
  const answer = await kernel.ask(OPCODE.CREATE, parent, body);
  expect(answer.error).toBe(0);
  const { nodeid } = ENTRY_OUT.read(viewOf(answer.body), 0);
  return { nodeid, fh: OPEN_OUT.read(viewOf(answer.body), ENTRY_OUT.sizeBytes).fh };
}

function writeMessage(fh: number, offset: number, data: Buffer): Buffer {
  return Buffer.concat([
    encoded(WRITE_IN, { fh, offset, size: data.length, write_flags: 0, flags: O_RDWR }),
    data,
  ]);
}

function forget(nodeid: number, nlookup: number): void {
  kernel.send(OPCODE.FORGET, nodeid, encoded(FORGET_IN, { nlookup }));
}

describe('the negotiation', () => {
  const init = (major: number, minor: number) =>
    kernel.ask(OPCODE.INIT, 0, encoded(INIT_IN, { major, minor, max_readahead: 4096, flags: 0xffff_ffff }));

  it('agrees on what both know, and on writes of 1 MiB, but not on a write-back cache', async () => {
    const agreed = INIT_OUT.read(viewOf((await init(7, 31)).body), 0);
    expect(agreed).toMatchObject({ major: 7, minor: 31, max_write: 1024 * 1024, max_pages: 256 });
    const writeback = 1 << 16;
    const dontMask = 1 << 6;
    expect(agreed.flags & (writeback | dontMask)).toBe(0);
    expect(INIT_OUT.read(viewOf((await init(7, 99)).body), 0).minor).toBe(38);
  });

  it('asks a kernel of a later major version to speak ours, and refuses one too old', async () => {
    expect(INIT_OUT.read(viewOf((await init(8, 0)).body), 0)).toMatchObject({ major: 7 });
    expect((await init(7, 8)).error).toBe(-errno.EOPNOTSUPP);
  });
});

describe('the session', () => {
  it('answers what it does not know with ENOSYS, so that the kernel stops asking', async () => {
    for (const opcode of [
      OPCODE.GETXATTR,
      OPCODE.SETXATTR,
      OPCODE.ACCESS,
      OPCODE.LSEEK,
      OPCODE.POLL,
      52,
      4096,
    ]) {
      expect((await kernel.ask(opcode, ROOT)).error).toBe(-errno.ENOSYS);
    }
  });

  it('creates, writes, reads and releases', async () => {
    const { nodeid, fh } = await create(ROOT, 'f');
    const data = Buffer.alloc(300_000, 'content ');
    const written = await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 10, data));
    expect(WRITE_OUT.read(viewOf(written.body), 0).size).toBe(data.length);
    const read = await kernel.ask(OPCODE.READ, nodeid, encoded(READ_IN, { fh, offset: 10, size: 400_000 }));
    expect(read.body.equals(data)).toBe(true);
    expect((await kernel.ask(OPCODE.RELEASE, nodeid, encoded(RELEASE_IN, { fh }))).error).toBe(0);
    const stale = await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 0, data));
    expect(stale.error).toBe(-errno.EBADF);
    expect((await readFile(join(kernel.directory, 'f'))).subarray(10).equals(data)).toBe(true);
  });

  it('says for how long there is nothing under a name, but hides our own directory without that', async () => {
    expect(await lookup(ROOT, 'none')).toMatchObject({ nodeid: 0, entry_valid: 1 });
    expect(await lookup(ROOT, '.proxyfs')).toMatchObject({ nodeid: 0, entry_valid: 0 });
    const refused = await kernel.ask(OPCODE.MKDIR, ROOT, message(MKDIR_IN, { mode: 0o755 }, '.proxyfs'));
    expect(refused.error).toBe(-errno.EPERM);
  });

  it('refuses names that are not UTF-8 before anything has changed', async () => {
    const bad = Buffer.concat([Buffer.from([0x61, 0xff, 0])]);
    expect((await kernel.ask(OPCODE.UNLINK, ROOT, bad)).error).toBe(-errno.EILSEQ);
    expect((await kernel.ask(OPCODE.SYMLINK, ROOT, Buffer.concat([text('l'), bad]))).error).toBe(
      -errno.EILSEQ,
    );
    expect(kernel.engine.operations).toEqual([]);
  });

  it('interrupts a waiting request, also when the interrupt comes first, and ignores one that comes too late', async () => {
    const { nodeid, fh } = await create(ROOT, 'f');
    let waiting = 0;
    kernel.engine.beforeLock = () => {
      waiting++;
      return new Promise((resolve) => (release = resolve));
    };
    let release = () => {};
    const first = kernel.send(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')));
    await waitUntil('the write waits', () => waiting === 1);
    kernel.send(OPCODE.INTERRUPT, 0, encoded(INTERRUPT_IN, { unique: first }));
    const second = first + 4;
    kernel.send(OPCODE.INTERRUPT, 0, encoded(INTERRUPT_IN, { unique: second + 2 }));
    release();
    expect((await kernel.answerTo(first)).error).toBe(-errno.EINTR);
    const early = kernel.send(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')));
    expect(early).toBe(second + 2);
    await waitUntil('the second write waits', () => waiting === 2);
    release();
    expect((await kernel.answerTo(early)).error).toBe(-errno.EINTR);
    kernel.engine.beforeLock = undefined;
    kernel.send(OPCODE.INTERRUPT, 0, encoded(INTERRUPT_IN, { unique: first }));
    expect((await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')))).error).toBe(0);
    expect(await readFile(join(kernel.directory, 'f'), 'utf8')).toBe('x');
  });

  it('takes back the handle and the node of an answer that the kernel no longer wanted', async () => {
    kernel.device.failWrites = 'ENOENT';
    kernel.send(OPCODE.CREATE, ROOT, message(CREATE_IN, { flags: O_RDWR | O_CREAT, mode: 0o100_644 }, 'f'));
    await waitUntil('the file is made', async () => (await readdir(kernel.directory)).includes('f'));
    await waitUntil('the node is forgotten', () => kernel.nodes.size === 1);
    kernel.device.failWrites = undefined;
    expect((await lookup(ROOT, 'f')).nodeid).toBeGreaterThan(1);
  });

  it('serves lookups while more data of writes waits than may be in memory, and then writes it all', async () => {
    const { nodeid, fh } = await create(ROOT, 'f');
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    kernel.engine.beforeLock = () => opened;
    const count = 80;
    const uniques = Array.from({ length: count }, (_, index) =>
      kernel.send(OPCODE.WRITE, nodeid, writeMessage(fh, index << 20, Buffer.alloc(1 << 20, index))),
    );
    expect((await lookup(ROOT, 'f')).nodeid).toBe(nodeid);
    kernel.send(OPCODE.INTERRUPT, 0, encoded(INTERRUPT_IN, { unique: uniques.at(-1) ?? 0 }));
    expect((await kernel.answerTo(uniques.pop() ?? 0)).error).toBe(-errno.EINTR);
    open();
    for (const unique of uniques) expect((await kernel.answerTo(unique)).error).toBe(0);
    const content = await readFile(join(kernel.directory, 'f'));
    expect(content.length).toBe((count - 1) << 20);
    for (let index = 0; index < count - 1; index++) {
      expect([content[index << 20], content[((index + 1) << 20) - 1]]).toEqual([index, index]);
    }
  });

  it('tells the kernel that set-user-id may have gone once a stranger has written', async () => {
    await writeFile(join(kernel.directory, 'f'), '', { mode: 0o755 });
    await chmod(join(kernel.directory, 'f'), 0o4755);
    const { nodeid } = await lookup(ROOT, 'f');
    const opened = await kernel.ask(OPCODE.OPEN, nodeid, encoded(OPEN_IN, { flags: O_RDWR }));
    const { fh } = OPEN_OUT.read(viewOf(opened.body), 0);
    await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')));
    expect(kernel.device.notifications).toEqual([]);
    await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')), 1000);
    expect(kernel.device.notifications).toHaveLength(1);
  });

  it('refuses new requests while it drains, and interrupts what takes too long', async () => {
    const { nodeid, fh } = await create(ROOT, 'f');
    kernel.engine.refuse = () => new AppError('NO_SPACE');
    expect((await kernel.ask(OPCODE.WRITE, nodeid, writeMessage(fh, 0, Buffer.from('x')))).error).toBe(
      -errno.ENOSPC,
    );
    expect(await kernel.session.drain(1000)).toBe(true);
    expect((await kernel.ask(OPCODE.LOOKUP, ROOT, text('f'))).error).toBe(-errno.ENODEV);
    expect((await kernel.ask(OPCODE.RELEASE, nodeid, encoded(RELEASE_IN, { fh }))).error).toBe(0);
  });

  it('ends when the device does', async () => {
    kernel.device.unplug();
    expect(await kernel.ended).toBe('the mount was taken away');
  });
});

describe('nodes', () => {
  it('stay known until forgotten as often as they were told, children before parents', async () => {
    const { nodeid: directory } = await mkdir(ROOT, 'd');
    const { nodeid: file, fh } = await create(directory, 'f');
    await kernel.ask(OPCODE.RELEASE, file, encoded(RELEASE_IN, { fh }));
    await lookup(directory, 'f');
    expect(kernel.nodes.size).toBe(3);
    forget(directory, 1);
    forget(file, 1);
    expect((await lookup(directory, 'f')).nodeid).toBe(file);
    const both = [
      encoded(BATCH_FORGET_IN, { count: 2 }),
      encoded(FORGET_ONE, { nodeid: file, nlookup: 2 }),
      encoded(FORGET_ONE, { nodeid: 99, nlookup: 1 }),
    ];
    kernel.send(OPCODE.BATCH_FORGET, 0, Buffer.concat(both));
    await waitUntil('all is forgotten', () => kernel.nodes.size === 1);
  });

  it('follow a directory that is renamed, with all below', async () => {
    const { nodeid: a } = await mkdir(ROOT, 'a');
    const { nodeid: b } = await mkdir(ROOT, 'b');
    const { nodeid: sub } = await mkdir(a, 'sub');
    const { nodeid: file } = await create(sub, 'f');
    expect(
      (await kernel.ask(OPCODE.RENAME, a, message(RENAME_IN, { newdir: b }, 'sub', 'moved'))).error,
    ).toBe(0);
    expect(kernel.nodes.pathOf(kernel.nodes.get(file))).toBe('/b/moved/f');
    expect((await lookup(sub, 'f')).nodeid).toBe(file);
    expect((await lookup(b, 'moved')).nodeid).toBe(sub);
  });

  it('are one for all names of a file, and another for a new file', async () => {
    const { nodeid, fh } = await create(ROOT, 'a');
    await kernel.ask(OPCODE.RELEASE, nodeid, encoded(RELEASE_IN, { fh }));
    await link(join(kernel.directory, 'a'), join(kernel.directory, 'b'));
    expect((await lookup(ROOT, 'b')).nodeid).toBe(nodeid);
    expect((await kernel.ask(OPCODE.UNLINK, ROOT, text('a'))).error).toBe(0);
    expect(kernel.nodes.pathOf(kernel.nodes.get(nodeid))).toBe('/b');
    expect((await kernel.ask(OPCODE.UNLINK, ROOT, text('b'))).error).toBe(0);
    expect((await create(ROOT, 'c')).nodeid).not.toBe(nodeid);
  });

  it('are told apart from what has taken their name behind our back', async () => {
    const { nodeid, fh } = await create(ROOT, 'a');
    await kernel.ask(OPCODE.RELEASE, nodeid, encoded(RELEASE_IN, { fh }));
    await writeFile(join(kernel.directory, 'other'), 'other');
    await rename(join(kernel.directory, 'other'), join(kernel.directory, 'a'));
    expect((await kernel.ask(OPCODE.OPEN, nodeid, encoded(OPEN_IN, { flags: 0 }))).error).toBe(-errno.ESTALE);
    expect((await lookup(ROOT, 'a')).nodeid).not.toBe(nodeid);
  });
});

it('waits no longer than it may for a device that does not close, and closes it once', async () => {
  let closed = () => {};
  const close = vi
    .spyOn(kernel.device, 'close')
    .mockImplementation(() => new Promise((resolve) => (closed = resolve)));
  kernel.device.unplug();
  expect(await kernel.session.stop(20)).toBe(false);
  closed();
  expect(await kernel.session.stop(1000)).toBe(true);
  expect(close).toHaveBeenCalledTimes(1);
});
