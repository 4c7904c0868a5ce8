import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildOrder, WireOperation } from '../testing/local-tree-child/main.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { typeScriptArguments } from '../testing/typescript-child.ts';
import { LocalTree } from './local-tree.ts';
import { decodeRecord, encodeRecord, OVERLAP_OFFSET } from './undo-record.ts';
import type { LocalStep } from './undo-slots.ts';

const PROGRAM = new URL('../testing/local-tree-child/main.ts', import.meta.url);
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;
const PATH = '/a "file"\n';

let temp: TempDirectory;
let root: string;
let state: string;

beforeEach(async () => {
  temp = await tempDirectory('crash');
  [root, state] = [join(temp.path, 'root'), join(temp.path, 'state')];
  await mkdir(root);
});

afterEach(() => temp.remove());

function start(order: ChildOrder, options: { uid?: number; limitKiB?: number } = {}) {
  const command = [process.execPath, ...typeScriptArguments(PROGRAM, [root, state, JSON.stringify(order)])];
  const limited = ['bash', '-c', `ulimit -f ${options.limitKiB}; exec "$@"`, 'bash', ...command];
  const [program = '', ...args] = options.limitKiB === undefined ? command : limited;
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...identity });
}

/** Runs the program to its end, whichever that is. */
async function run(order: ChildOrder, options: { uid?: number; limitKiB?: number } = {}) {
  const child = start(order, options);
  let output = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { output: output.trim(), signal };
}

/** What the next start of the appliance does. */
async function recovered(): Promise<void> {
  const tree = new LocalTree(root, state);
  await tree.start();
  await tree.stop();
  expect(await readdir(join(state, 'local-undo'))).toEqual([]);
}

async function killed(operation: WireOperation, killAt: LocalStep, partialBytes?: number): Promise<void> {
  const { output, signal } = await run({
    do: 'apply',
    operation,
    killAt,
    ...(partialBytes !== undefined && { partialBytes }),
  });
  expect({ output, signal }).toEqual({ output: '', signal: 'SIGKILL' });
}

describe('a write that a SIGKILL meets', () => {
  const overwrite: WireOperation = { kind: 'write', path: PATH, offset: 3, text: 'ABCD' };
  const overlap: WireOperation = { kind: 'write', path: PATH, offset: 8, text: 'ABCDEF' };
  // Longer than a page: a shorter one is made in one step.
  const text = 'ABCDEF'.repeat(1000);
  const append: WireOperation = { kind: 'write', path: PATH, offset: 10, text };
  const beyond: WireOperation = { kind: 'write', path: PATH, offset: 20, text };
  const cases: [string, WireOperation, LocalStep, number | undefined, string][] = [
    ['before anything was written', overwrite, 'write:armed', undefined, '0123456789'],
    ['in the middle of overwriting', overwrite, 'write:armed', 2, '0123456789'],
    ['in the middle of what overlaps the end', overlap, 'write:armed', 1, '0123456789'],
    ['in the middle of what extends the file', overlap, 'write:armed', 4, '0123456789'],
    ['in the middle of an append', append, 'write:armed', 3, '0123456789'],
    ['in the middle beyond the end', beyond, 'write:armed', 3, '0123456789'],
    ['when all is written, but nothing answered', overlap, 'write:done', undefined, '0123456789'],
    ['when it counts', overlap, 'write:disarmed', undefined, '01234567ABCDEF'],
  ];

  beforeEach(async () => {
    await writeFile(root + PATH, '0123456789');
    await utimes(root + PATH, 1000, 2000.25);
  });

  test.each(cases)('%s leaves the old content or the new', async (_, operation, step, partial, expected) => {
    await killed(operation, step, partial);
    await recovered();
    expect(await readFile(root + PATH, 'utf8')).toBe(expected);
    const isOld = expected === '0123456789';
    expect((await lstat(root + PATH)).mtimeMs === 2_000_250).toBe(isOld);
    await writeFile(root + PATH, 'later');
    await recovered();
    expect(await readFile(root + PATH, 'utf8')).toBe('later');
  });

  test('leaves another file alone that has the name by then', async () => {
    await killed(append, 'write:armed', 3);
    const kept = await open(root + PATH);
    await rm(root + PATH);
    await writeFile(root + PATH, 'somebody else’s, and longer');
    await recovered();
    expect(await readFile(root + PATH, 'utf8')).toBe('somebody else’s, and longer');
    await kept.close();
  });

  test('is forgotten where the file is gone', async () => {
    await killed(append, 'write:armed', 3);
    await rm(root + PATH);
    await recovered();
    expect(await readdir(root)).toEqual([]);
  });

  test('is not taken back after another boot of the machine, whose disk may not know that it was done', async () => {
    await killed(append, 'write:armed', 3);
    await changeSlot(ofAnotherBoot);
    await recovered();
    expect(await readFile(root + PATH, 'utf8')).toBe('0123456789ABC');
  });

  test('is not taken back by a torn record', async () => {
    await killed(overwrite, 'write:armed', 2);
    await changeSlot(damaged);
    await recovered();
    expect(await readFile(root + PATH, 'utf8')).toBe('012AB56789');
  });
});

describe('a new entry that a SIGKILL meets', () => {
  const kinds: Record<string, WireOperation> = {
    create: { kind: 'create', path: PATH, mode: 0o4755, ...(IS_ROOT && { uid: 1234 }) },
    mkdir: { kind: 'mkdir', path: PATH, mode: 0o1777, ...(IS_ROOT && { uid: 1234 }) },
    symlink: { kind: 'symlink', path: PATH, target: 'somewhere' },
  };

  test.each(Object.entries(kinds))(
    '%s is nowhere before it counts, and whole afterwards',
    async (_, operation) => {
      for (const step of ['entry:armed', 'entry:done'] as const) {
        await killed(operation, step);
        await recovered();
        expect(await readdir(root)).toEqual([]);
      }
      await killed(operation, 'entry:disarmed');
      await recovered();
      const stat = await lstat(root + PATH);
      if ('mode' in operation) expect(stat.mode & 0o7777).toBe(operation.mode);
      if (IS_ROOT && 'mode' in operation) expect(stat.uid).toBe(1234);
    },
  );
});

describe('without root', () => {
  test.runIf(IS_ROOT)(
    'a file that its mode locks is written, and keeps its mode when that is cut short',
    async () => {
      await writeFile(root + PATH, '0123456789');
      await chmod(root + PATH, 0o444);
      await mkdir(state);
      for (const path of [temp.path, root, state, root + PATH]) await chown(path, NOBODY, NOBODY);
      const operation: WireOperation = { kind: 'write', path: PATH, offset: 0, text: 'AB' };
      for (const killAt of ['mode:armed', 'mode:done'] as const) {
        const end = await run({ do: 'apply', operation, killAt }, { uid: NOBODY });
        expect(end.signal).toBe('SIGKILL');
        if (killAt === 'mode:armed') await chmod(root + PATH, 0o644);
        await recovered();
        expect((await lstat(root + PATH)).mode & 0o7777).toBe(0o444);
        expect(await readFile(root + PATH, 'utf8')).toBe('0123456789');
      }
      expect(await run({ do: 'apply', operation }, { uid: NOBODY })).toMatchObject({
        output: 'acknowledged',
      });
      expect(await readFile(root + PATH, 'utf8')).toBe('AB23456789');
      expect((await lstat(root + PATH)).mode & 0o7777).toBe(0o444);
    },
  );
});

describe('a write that the system stops half way', () => {
  const KIB = 1024;

  test.each([
    ['an append', 250 * KIB, 250 * KIB],
    ['what overlaps the end', 250 * KIB, 240 * KIB],
    ['a hole and more', 1000, 240 * KIB],
  ])('%s is nowhere', async (_, sizeBytes, offset) => {
    const before = Buffer.alloc(sizeBytes, 'o');
    await writeFile(root + PATH, before);
    await utimes(root + PATH, 1000, 2000);
    const operation: WireOperation = { kind: 'write', path: PATH, offset, text: 'n'.repeat(30 * KIB) };
    const end = await run({ do: 'apply', operation }, { limitKiB: 256 });
    expect(end).toEqual({ output: 'refused FILE_TOO_LARGE', signal: null });
    expect((await readFile(root + PATH)).equals(before)).toBe(true);
    expect((await lstat(root + PATH)).mtimeMs).toBe(2_000_000);
  });
});

describe('kill -9 at any moment', () => {
  const LENGTH = 1024 * 1024;

  test('leaves each write whole or not at all, and none that was acknowledged undone', async () => {
    await writeFile(root + PATH, Buffer.alloc(LENGTH));
    for (const wanted of [1, 2, 5, 20, 60]) {
      await writeFile(root + PATH, Buffer.alloc(LENGTH));
      const child = start({ do: 'fill', path: PATH, lengthBytes: LENGTH });
      const exit = once(child, 'close');
      let output = '';
      for await (const piece of child.stdout) {
        output += String(piece);
        if (output.split('\n').length > wanted) child.kill('SIGKILL');
      }
      await exit;
      await recovered();
      const acknowledged = Number(output.trim().split('\n').at(-1));
      const content = await readFile(root + PATH);
      const [found] = content;
      expect(content.equals(Buffer.alloc(LENGTH, found))).toBe(true);
      expect([acknowledged % 256, (acknowledged + 1) % 256]).toContain(found);
    }
  });
});

async function changeSlot(change: (slot: Buffer) => Buffer): Promise<void> {
  const file = join(state, 'local-undo', 'slot-0');
  await writeFile(file, change(await readFile(file)));
}

function ofAnotherBoot(slot: Buffer): Buffer {
  const left = decodeRecord(slot);
  if (!left) throw new Error('the slot holds no record');
  return encodeRecord(left.record, left.overlap, 'another boot');
}

function damaged(slot: Buffer): Buffer {
  slot.writeUInt8(slot.readUInt8(OVERLAP_OFFSET) ^ 1, OVERLAP_OFFSET);
  return slot;
}
