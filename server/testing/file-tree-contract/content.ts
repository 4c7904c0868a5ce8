import { describe, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { chmod, link, lstat, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { IDENTITY_FILE } from '../../filesystem/tree-path.ts';
import { exists, expectCode, expectRefused, patterned, type Stage } from './stage.ts';

const MIB = 1024 * 1024;

/** write, truncate, read and hash. */
export function describeContent(stage: Stage): void {
  describe('content', () => {
    describeWrites(stage);
    describeFurtherWrites(stage);
    describeTruncation(stage);
    describeFlushing(stage);
    describeContentConflicts(stage);
    describeReads(stage);
    describeTelling(stage);
  });
}

const writer = (stage: Stage) => (name: string, offset: number, data: Buffer) =>
  stage.apply({ kind: 'write', path: stage.at(name), offset, data });

function describeWrites(stage: Stage): void {
  const write = writer(stage);

  test('overwrites in place and leaves the rest', async () => {
    await stage.plant('file', '0123456789');
    await write('file', 3, Buffer.from('abc'));
    expect(await readFile(stage.real('file'), 'utf8')).toBe('012abc6789');
  });

  test('appends, and overlaps the end', async () => {
    await stage.plant('file', 'head');
    await write('file', 4, Buffer.from('tail'));
    await write('file', 6, Buffer.from('0123'));
    expect(await readFile(stage.real('file'), 'utf8')).toBe('headta0123');
  });

  test('past the end leaves a hole of zeros that takes no space', async () => {
    await stage.plant('file', 'a');
    await write('file', 8 * MIB, Buffer.from('b'));
    const found = await stat(stage.real('file'));
    expect(found.size).toBe(8 * MIB + 1);
    expect(found.blocks * 512).toBeLessThan(MIB);
    const content = await readFile(stage.real('file'));
    expect(content[0]).toBe(97);
    expect(content.subarray(1, 8 * MIB).every((byte) => byte === 0)).toBe(true);
    expect(content[8 * MIB]).toBe(98);
  });

  test('of no bytes changes nothing, not even past the end', async () => {
    await stage.plant('file', 'abc');
    await write('file', 100, Buffer.alloc(0));
    expect(await readFile(stage.real('file'), 'utf8')).toBe('abc');
  });
}

function describeFurtherWrites(stage: Stage): void {
  const write = writer(stage);

  test('reaches every name of a file, and keeps its inode and mode', async () => {
    await stage.plant('first', 'old');
    await stage.apply({ kind: 'chmod', path: stage.at('first'), mode: 0o640 });
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    const before = await lstat(stage.real('first'));
    await write('second', 0, Buffer.from('new'));
    expect(await readFile(stage.real('first'), 'utf8')).toBe('new');
    expect(await lstat(stage.real('first'))).toMatchObject({ ino: before.ino, mode: before.mode });
  });

  test('works into a new file whose mode forbids writing', async () => {
    await stage.apply({ kind: 'create', path: stage.at('locked'), mode: 0o444 });
    await write('locked', 0, Buffer.from('content'));
    expect(await readFile(stage.real('locked'), 'utf8')).toBe('content');
    expect((await lstat(stage.real('locked'))).mode & 0o7777).toBe(0o444);
  });

  test('carries 5 MiB in pieces of any size, read back in at most 4 MiB', async () => {
    const content = patterned(5 * MIB + 123);
    await stage.apply({ kind: 'create', path: stage.at('large'), mode: 0o644 });
    await write('large', 0, content.subarray(0, 1));
    await write('large', 1, content.subarray(1, 32_769));
    await write('large', 32_769, content.subarray(32_769, MIB));
    await write('large', MIB, content.subarray(MIB, 4 * MIB + 7));
    await write('large', 4 * MIB + 7, content.subarray(4 * MIB + 7));
    expect((await readFile(stage.real('large'))).equals(content)).toBe(true);
    const read = [
      await stage.tree.read(stage.at('large'), 0, 4 * MIB),
      await stage.tree.read(stage.at('large'), 4 * MIB, 4 * MIB),
    ];
    expect(read.map((piece) => piece.length)).toEqual([4 * MIB, MIB + 123]);
    expect(Buffer.concat(read).equals(content)).toBe(true);
  });
}

function describeFlushing(stage: Stage): void {
  const fsync = (name: string) => stage.apply({ kind: 'fsync', path: stage.at(name), dataOnly: false });

  test('flushes a file and leaves it as it is, with a mode that forbids to read or write it too', async () => {
    await stage.plant('file', 'content');
    await chmod(stage.real('file'), 0o000);
    const before = await stat(stage.real('file'));
    await fsync('file');
    const after = await stat(stage.real('file'));
    expect([after.mode, after.mtimeMs, after.size]).toEqual([before.mode, before.mtimeMs, 7]);
  });

  test('refuses to flush a directory', async () => {
    await mkdir(stage.real('directory'));
    await expectCode(fsync('directory'), 'IS_A_DIRECTORY');
  });
}

function describeTruncation(stage: Stage): void {
  const truncate = (name: string, sizeBytes: number) =>
    stage.apply({ kind: 'truncate', path: stage.at(name), sizeBytes });

  test('truncates to less, to nothing, to the same and to more', async () => {
    await stage.plant('file', '0123456789');
    await truncate('file', 4);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('0123');
    await truncate('file', 4);
    await truncate('file', 6);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('0123\0\0');
    await truncate('file', 0);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('');
  });

  test('truncates beyond 4 GiB', async () => {
    await stage.plant('file', 'x');
    await truncate('file', 5 * 1024 * MIB);
    expect((await stage.tree.stat(stage.at('file')))?.sizeBytes).toBe(5 * 1024 * MIB);
    await stage.apply({
      kind: 'write',
      path: stage.at('file'),
      offset: 5 * 1024 * MIB,
      data: Buffer.from('end'),
    });
    expect((await stage.tree.read(stage.at('file'), 5 * 1024 * MIB - 1, 10)).toString()).toBe('\0end');
    await truncate('file', 0);
  });
}

function describeContentConflicts(stage: Stage): void {
  const write = (name: string) =>
    stage.apply({ kind: 'write', path: stage.at(name), offset: 0, data: Buffer.from('x') });
  const truncate = (name: string) => stage.apply({ kind: 'truncate', path: stage.at(name), sizeBytes: 0 });

  test('write and truncate make no file, and refuse a directory', async () => {
    await stage.plantDirectory('directory');
    for (const change of [write, truncate]) {
      await expectRefused(change('missing'), 'NOT_FOUND');
      await expectRefused(change('missing/file'), 'NOT_FOUND');
      await expectRefused(change('directory'), 'IS_A_DIRECTORY');
    }
    expect(await exists(stage.real('missing'))).toBe(false);
  });

  test('write, truncate, read and hash never follow a symlink', async () => {
    await stage.plant('target', 'content');
    await symlink('target', stage.real('link'));
    const refusals = ['TOO_MANY_SYMLINKS', 'INVALID_ARGUMENT', 'NOT_SUPPORTED'] as const;
    await expectRefused(write('link'), ...refusals);
    await expectRefused(truncate('link'), ...refusals);
    await expectRefused(stage.tree.read(stage.at('link'), 0, 10), ...refusals);
    await expectRefused(stage.tree.hash(stage.at('link'), 0, 9), ...refusals);
    expect(await readFile(stage.real('target'), 'utf8')).toBe('content');
  });
}

/** What a tree knows of its files without carrying their content. */
function describeTelling(stage: Stage): void {
  test('hashes ranges of content, or says that it can’t', async () => {
    const content = patterned(3 * MIB + 17);
    await stage.plant('large', content);
    await stage.plant('empty');
    await stage.plant("it's \n a \\ name", 'x');
    await stage.tree.writeReserved(IDENTITY_FILE, Buffer.from('a proof of the place'));
    const sha256 = (bytes: Buffer | string) =>
      stage.tells ? createHash('sha256').update(bytes).digest('hex') : undefined;
    const hash = (name: string, offset = 0, lengthBytes = 100 * MIB) =>
      stage.tree.hash(stage.at(name), offset, lengthBytes);
    expect(await hash('large')).toBe(sha256(content));
    expect(await hash('large', MIB, MIB)).toBe(sha256(content.subarray(MIB, 2 * MIB)));
    expect(await hash('large', 3 * MIB, 17)).toBe(sha256(content.subarray(3 * MIB)));
    expect(await hash('empty')).toBe(sha256(''));
    expect(await hash("it's \n a \\ name")).toBe(sha256('x'));
  });

  test('tells names of one file from those of others, or says that it can’t', async () => {
    await stage.plant('one', 'same');
    await link(stage.real('one'), stage.real('one more'));
    await stage.plant("another's", 'same');
    await stage.tree.writeReserved(IDENTITY_FILE, Buffer.from('a proof of the place'));
    const names = ['one', 'one more', "another's", 'missing'];
    const ids = await Promise.all(names.map((name) => stage.tree.fileId(stage.at(name))));
    expect(ids.map((id) => ids.indexOf(id))).toEqual(stage.tells ? [0, 0, 2, 3] : [0, 0, 0, 0]);
    expect(ids[3]).toBeUndefined();
    expect(ids[0] !== undefined).toBe(stage.tells);
  });
}

function describeReads(stage: Stage): void {
  test('reads what is asked for, short only at the end, nothing beyond it', async () => {
    await stage.plant('file', '0123456789');
    const read = async (offset: number, length: number) =>
      (await stage.tree.read(stage.at('file'), offset, length)).toString();
    expect(await read(0, 4)).toBe('0123');
    expect(await read(8, 4)).toBe('89');
    expect(await read(10, 4)).toBe('');
    expect(await read(1_000_000, 4)).toBe('');
    expect(await read(3, 0)).toBe('');
  });

  test('refuses to read or hash what is no file', async () => {
    await stage.plantDirectory('directory');
    await expectRefused(stage.tree.read(stage.at('missing'), 0, 1), 'NOT_FOUND');
    await expectRefused(stage.tree.hash(stage.at('missing'), 0, 9), 'NOT_FOUND');
    await expectRefused(stage.tree.read(stage.at('directory'), 0, 1), 'IS_A_DIRECTORY');
    await expectRefused(stage.tree.hash(stage.at('directory'), 0, 9), 'IS_A_DIRECTORY');
  });

  test('sees at once what an operation changed', async () => {
    const path = stage.at('file');
    await stage.apply({ kind: 'create', path, mode: 0o644 });
    expect((await stage.tree.read(path, 0, 10)).toString()).toBe('');
    await stage.apply({ kind: 'write', path, offset: 0, data: Buffer.from('one') });
    expect((await stage.tree.read(path, 0, 10)).toString()).toBe('one');
    await stage.apply({ kind: 'truncate', path, sizeBytes: 1 });
    expect((await stage.tree.read(path, 0, 10)).toString()).toBe('o');
    await expectCode(stage.tree.read(stage.at('file2'), 0, 10), 'NOT_FOUND', 'MIRROR_DIVERGED');
  });
}
