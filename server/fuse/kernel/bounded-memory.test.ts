import { symlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { type KernelConversation, kernelConversation, text } from '../../testing/kernel-conversation.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import type { Attributes } from '../driver.ts';
import { NodeTable } from './node-table.ts';
import { FLAGS } from './protocol/flags.ts';
import { OPCODE } from './protocol/opcodes.ts';
import { encoded, viewOf } from './protocol/structure.ts';
import {
  BATCH_FORGET_IN,
  DIRENT,
  ENTRY_OUT,
  FORGET_ONE,
  OPEN_IN,
  OPEN_OUT,
  READ_IN,
} from './protocol/structures.ts';

const ROOT = FLAGS.FUSE_ROOT_ID;
const ENTRIES = 12_000;
const PIECE_BYTES = 64 * 1024;
/** All entries of the listing with their attributes take several times as much. */
const MOST_GROWTH_BYTES = 3 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

let kernel: KernelConversation;
let stop: () => Promise<void>;

beforeEach(async () => {
  const started = await kernelConversation(silentLogger);
  kernel = started.conversation;
  stop = started.stop;
});

afterEach(() => stop());

function forget(nodes: readonly number[]): void {
  const pieces = nodes.map((nodeid) => encoded(FORGET_ONE, { nodeid, nlookup: 1 }));
  kernel.send(
    OPCODE.BATCH_FORGET,
    0,
    Buffer.concat([encoded(BATCH_FORGET_IN, { count: nodes.length }), ...pieces]),
  );
}

/** The entries of one answer: name and node number. */
function* entriesOf(body: Buffer, plus: boolean): Generator<{ name: string; nodeid: number; next: number }> {
  const skipped = plus ? ENTRY_OUT.sizeBytes : 0;
  for (let at = 0; at < body.length; ) {
    const { off, namelen } = DIRENT.read(viewOf(body), at + skipped);
    const nodeid = plus ? ENTRY_OUT.read(viewOf(body), at).nodeid : 0;
    const nameAt = at + skipped + DIRENT.sizeBytes;
    yield { name: body.toString('utf8', nameAt, nameAt + namelen), nodeid, next: off };
    at += Math.ceil((skipped + DIRENT.sizeBytes + namelen) / 8) * 8;
  }
}

/** Lists a directory to its end; answers how much memory more was in use when it was nearly there. */
async function growthWhileListing(opcode: number): Promise<number> {
  const { nodeid } = await kernel.entry(OPCODE.LOOKUP, ROOT, text('d'));
  const opened = await kernel.ask(OPCODE.OPENDIR, nodeid, encoded(OPEN_IN, { flags: 0 }));
  const { fh } = OPEN_OUT.read(viewOf(opened.body), 0);
  const seen = new Uint8Array(ENTRIES);
  const before = usedBytes();
  let growth = 0;
  let listed = 0;
  for (let offset = 0; ; ) {
    const { body, error } = await kernel.ask(
      opcode,
      nodeid,
      encoded(READ_IN, { fh, offset, size: PIECE_BYTES }),
    );
    expect(error).toBe(0);
    if (body.length === 0) break;
    const told: number[] = [];
    for (const entry of entriesOf(body, opcode === OPCODE.READDIRPLUS)) {
      offset = entry.next;
      if (entry.nodeid !== 0) told.push(entry.nodeid);
      if (entry.name === '.' || entry.name === '..') continue;
      seen[Number(entry.name)] = (seen[Number(entry.name)] ?? 0) + 1;
      if (++listed === ENTRIES - 100) growth = usedBytes() - before;
    }
    forget(told);
  }
  expect(seen.every((times) => times === 1)).toBe(true);
  return growth;
}

describe('memory stays bounded', () => {
  it('while a large directory is listed, by names alone and with attributes', async () => {
    await mkdir(join(kernel.directory, 'd'));
    for (let index = 0; index < ENTRIES; index++)
      symlinkSync('x', join(kernel.directory, 'd', String(index)));
    for (const opcode of [OPCODE.READDIR, OPCODE.READDIRPLUS]) {
      expect(await growthWhileListing(opcode)).toBeLessThan(MOST_GROWTH_BYTES);
    }
    await waitUntil('all but the root and the directory are forgotten', () => kernel.nodes.size === 2);
  });

  it('throughout 20,000 lookups that are forgotten again', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `f${index}`);
    for (const name of names) symlinkSync('x', join(kernel.directory, name));
    const round = async () => {
      const asked = names.map((name) => kernel.send(OPCODE.LOOKUP, ROOT, text(name)));
      const nodes: number[] = [];
      for (const unique of asked)
        nodes.push(ENTRY_OUT.read(viewOf((await kernel.answerTo(unique)).body), 0).nodeid);
      forget(nodes);
    };
    await round();
    const before = usedBytes();
    for (let rounds = 1; rounds < 40; rounds++) await round();
    expect(usedBytes() - before).toBeLessThan(MOST_GROWTH_BYTES);
    await waitUntil('all are forgotten', () => kernel.nodes.size === 1);
  });

  it('in the node table throughout a million names that are found and forgotten', () => {
    const table = new NodeTable();
    table.start(attributesOf(1n, 0o040_755));
    const root = table.get(ROOT);
    const find = (index: number) => {
      const node = table.found(root, `f${index}`, attributesOf(BigInt(index + 2), 0o100_644));
      node.lookups++;
      return node.id;
    };
    const before = usedBytes();
    for (let index = 0; index < 1_000_000; index++) table.forget(find(index), 1);
    expect(usedBytes() - before).toBeLessThan(MOST_GROWTH_BYTES);
    expect(table.size).toBe(1);
  });
});

function attributesOf(inode: bigint, mode: number): Attributes {
  const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n };
  const sizes = { sizeBytes: 0, blocks: 0, blockSizeBytes: 4096 };
  return { inode, device: 1n, mode, links: 1, uid: 0, gid: 0, ...sizes, ...times };
}
