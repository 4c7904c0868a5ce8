import { describe, expect, test } from 'vitest';
import { lstat, readFile, readlink } from 'node:fs/promises';
import type { Operation } from '../../filesystem/operation.ts';
import { exists, expectRefused, modeOf, type Stage } from './stage.ts';

const AGAIN = { repeated: true };

/** `repeated`: an earlier attempt may have worked unheard. */
export function describeRepetition(stage: Stage): void {
  describe('a repeated operation', () => {
    describeRepeatedNames(stage);
    describeRepeatedChanges(stage);
    describeFirstHeard(stage);
    describeRepeatedConflicts(stage);
  });
}

async function twice(stage: Stage, operation: Operation): Promise<void> {
  await stage.apply(operation);
  await stage.apply(operation, AGAIN);
  await stage.apply(operation, AGAIN);
}

function describeRepeatedNames(stage: Stage): void {
  test('create, mkdir and symlink find what they made', async () => {
    await twice(stage, { kind: 'create', path: stage.at('file'), mode: 0o4640 });
    await twice(stage, { kind: 'mkdir', path: stage.at('directory'), mode: 0o1751 });
    await twice(stage, { kind: 'symlink', path: stage.at('link'), target: 'to\nsomewhere' });
    expect(await modeOf(stage.real('file'))).toBe(0o4640);
    expect(await modeOf(stage.real('directory'))).toBe(0o1751);
    expect(await readlink(stage.real('link'))).toBe('to\nsomewhere');
  });

  test('link finds the same file under both names', async () => {
    await stage.plant('first', 'content');
    await twice(stage, { kind: 'link', path: stage.at('first'), to: stage.at('second') });
    expect((await lstat(stage.real('first'))).nlink).toBe(2);
    expect((await lstat(stage.real('second'))).ino).toBe((await lstat(stage.real('first'))).ino);
  });

  test('unlink and rmdir find nothing left', async () => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('directory');
    await twice(stage, { kind: 'unlink', path: stage.at('file') });
    await twice(stage, { kind: 'rmdir', path: stage.at('directory') });
    expect(await exists(stage.real('file'))).toBe(false);
    expect(await exists(stage.real('directory'))).toBe(false);
  });

  test('rename finds the entry at its new name: a file, one over another, a directory', async () => {
    await stage.plant('from', 'content');
    await stage.plant('over', 'old');
    await stage.plantDirectory('directory');
    await stage.plant('directory/inside', 'inside');
    await twice(stage, { kind: 'rename', path: stage.at('from'), to: stage.at('to') });
    await twice(stage, { kind: 'rename', path: stage.at('to'), to: stage.at('over') });
    await twice(stage, { kind: 'rename', path: stage.at('directory'), to: stage.at('moved') });
    expect(await readFile(stage.real('over'), 'utf8')).toBe('content');
    expect(await readFile(stage.real('moved/inside'), 'utf8')).toBe('inside');
    for (const gone of ['from', 'to', 'directory']) expect(await exists(stage.real(gone))).toBe(false);
  });
}

function describeRepeatedChanges(stage: Stage): void {
  test('write and truncate come to the same content', async () => {
    const path = stage.at('file');
    await stage.plant('file', '0123456789');
    await twice(stage, { kind: 'write', path, offset: 8, data: Buffer.from('abcd') });
    expect(await readFile(stage.real('file'), 'utf8')).toBe('01234567abcd');
    await twice(stage, { kind: 'truncate', path, sizeBytes: 9 });
    expect(await readFile(stage.real('file'), 'utf8')).toBe('01234567a');
  });

  test('chmod, chown and times come to the same attributes', async () => {
    const path = stage.at('file');
    await stage.plant('file');
    const { uid, gid } = await lstat(stage.real('file'));
    await twice(stage, { kind: 'chown', path, uid, gid });
    await twice(stage, { kind: 'chmod', path, mode: 0o4711 });
    await twice(stage, { kind: 'times', path, atimeNs: 3_000_000_000n, mtimeNs: 4_000_000_000n });
    const found = await lstat(stage.real('file'), { bigint: true });
    expect(found).toMatchObject({ atimeNs: 3_000_000_000n, mtimeNs: 4_000_000_000n });
    expect(await modeOf(stage.real('file'))).toBe(0o4711);
  });
}

function describeFirstHeard(stage: Stage): void {
  test('is carried out where the earlier attempt never arrived', async () => {
    await stage.plant('gone', 'x');
    await stage.plant('first', 'content');
    await stage.plantDirectory('old');
    const apply = (operation: Operation) => stage.apply(operation, AGAIN);
    await apply({ kind: 'create', path: stage.at('file'), mode: 0o600 });
    await apply({ kind: 'mkdir', path: stage.at('directory'), mode: 0o700 });
    await apply({ kind: 'symlink', path: stage.at('link'), target: 'file' });
    await apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    await apply({ kind: 'unlink', path: stage.at('gone') });
    await apply({ kind: 'rmdir', path: stage.at('old') });
    await apply({ kind: 'rename', path: stage.at('file'), to: stage.at('renamed') });
    for (const there of ['directory', 'link', 'second', 'renamed']) {
      expect(await exists(stage.real(there))).toBe(true);
    }
    for (const gone of ['gone', 'old', 'file']) expect(await exists(stage.real(gone))).toBe(false);
  });

  test('create corrects the mode that a half-done attempt left', async () => {
    await stage.plant('file');
    await stage.apply({ kind: 'create', path: stage.at('file'), mode: 0o4751 }, AGAIN);
    expect(await modeOf(stage.real('file'))).toBe(0o4751);
  });
}

function describeRepeatedConflicts(stage: Stage): void {
  test('is refused where something else stands, which stays', async () => {
    await stage.plant('full', 'content');
    await stage.plant('other', 'other content');
    await stage.plantDirectory('directory');
    const apply = (operation: Operation) => stage.apply(operation, AGAIN);
    const exist = 'ALREADY_EXISTS';
    await expectRefused(apply({ kind: 'create', path: stage.at('full'), mode: 0o644 }), exist);
    await expectRefused(apply({ kind: 'create', path: stage.at('directory'), mode: 0o644 }), exist);
    await expectRefused(apply({ kind: 'mkdir', path: stage.at('full'), mode: 0o755 }), exist);
    await expectRefused(apply({ kind: 'symlink', path: stage.at('full'), target: 'x' }), exist);
    await expectRefused(apply({ kind: 'link', path: stage.at('full'), to: stage.at('other') }), exist);
    await expectRefused(apply({ kind: 'rename', path: stage.at('no'), to: stage.at('where') }), 'NOT_FOUND');
    await expectRefused(
      apply({ kind: 'unlink', path: stage.at('directory') }),
      'IS_A_DIRECTORY',
      'NOT_PERMITTED',
    );
    await expectRefused(apply({ kind: 'rmdir', path: stage.at('full') }), 'NOT_A_DIRECTORY');
    expect(await readFile(stage.real('full'), 'utf8')).toBe('content');
    expect(await readFile(stage.real('other'), 'utf8')).toBe('other content');
    expect(await exists(stage.real('directory'))).toBe(true);
  });

  test('symlink is refused where another target stands', async () => {
    const path = stage.at('link');
    await stage.apply({ kind: 'symlink', path, target: 'one' });
    await expectRefused(stage.apply({ kind: 'symlink', path, target: 'two' }, AGAIN), 'ALREADY_EXISTS');
    expect(await readlink(stage.real('link'))).toBe('one');
  });
}
