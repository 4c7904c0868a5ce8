import { describe, expect, test } from 'vitest';
import { lstat, open, readFile, readlink, symlink } from 'node:fs/promises';
import { exists, expectRefused, type Stage } from './stage.ts';

/** rename, which replaces as rename(2) does. */
export function describeRenames(stage: Stage): void {
  describe('rename', () => {
    describeMoves(stage);
    describeReplacements(stage);
    describeRenameConflicts(stage);
  });
}

const mover = (stage: Stage) => (path: string, to: string) =>
  stage.apply({ kind: 'rename', path: stage.at(path), to: stage.at(to) });

function describeMoves(stage: Stage): void {
  const rename = mover(stage);

  test('moves a file into another directory, the same inode', async () => {
    await stage.plant('from', 'content');
    await stage.plantDirectory('below');
    const before = await lstat(stage.real('from'));
    await rename('from', 'below/to');
    expect(await exists(stage.real('from'))).toBe(false);
    expect((await lstat(stage.real('below/to'))).ino).toBe(before.ino);
  });

  test('moves a directory with all below it', async () => {
    await stage.plantDirectory('from');
    await stage.plantDirectory('from/sub');
    await stage.plant('from/sub/file', 'content');
    await rename('from', 'to');
    expect(await exists(stage.real('from'))).toBe(false);
    expect(await readFile(stage.real('to/sub/file'), 'utf8')).toBe('content');
  });

  test('moves a symlink itself, a dangling one too', async () => {
    await symlink('nowhere', stage.real('from'));
    await rename('from', 'to');
    expect(await readlink(stage.real('to'))).toBe('nowhere');
  });

  test('onto itself changes nothing', async () => {
    await stage.plant('file', 'content');
    await rename('file', 'file');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });

  test('between two names of one file leaves both, as rename(2) does', async () => {
    await stage.plant('first', 'content');
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    await rename('first', 'second');
    expect(await readFile(stage.real('first'), 'utf8')).toBe('content');
    expect(await readFile(stage.real('second'), 'utf8')).toBe('content');
  });
}

function describeReplacements(stage: Stage): void {
  const rename = mover(stage);

  test('replaces a file atomically: who has the old one open keeps its content', async () => {
    await stage.plant('from', 'new');
    await stage.plant('to', 'old');
    const reader = await open(stage.real('to'));
    await rename('from', 'to');
    expect(await readFile(stage.real('to'), 'utf8')).toBe('new');
    expect(await reader.readFile('utf8')).toBe('old');
    await reader.close();
  });

  test('replaces a symlink, not what it points to', async () => {
    await stage.plant('target', 'target');
    await symlink('target', stage.real('to'));
    await stage.plant('from', 'new');
    await rename('from', 'to');
    expect((await lstat(stage.real('to'))).isFile()).toBe(true);
    expect(await readFile(stage.real('target'), 'utf8')).toBe('target');
  });

  test('replaces an empty directory by a directory', async () => {
    await stage.plantDirectory('from');
    await stage.plant('from/file', 'content');
    await stage.plantDirectory('to');
    await rename('from', 'to');
    expect(await readFile(stage.real('to/file'), 'utf8')).toBe('content');
  });

  test('replaces an empty directory by a directory with a pre-image asked for', async () => {
    await stage.plantDirectory('from');
    await stage.plantDirectory('to');
    const operation = { kind: 'rename', path: stage.at('from'), to: stage.at('to') } as const;
    await stage.apply(operation, { preImage: 'directory' });
    expect(await exists(stage.real('from'))).toBe(false);
    expect(await exists(stage.real('to'))).toBe(true);
    await stage.tree.dropPreImage('directory');
  });
}

function describeRenameConflicts(stage: Stage): void {
  const rename = mover(stage);

  test('is refused where a directory is in the way or missing, and changes nothing', async () => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('full');
    await stage.plant('full/inside', 'inside');
    await stage.plantDirectory('empty');
    await expectRefused(rename('file', 'empty'), 'IS_A_DIRECTORY');
    await expectRefused(rename('empty', 'file'), 'NOT_A_DIRECTORY');
    await expectRefused(rename('empty', 'full'), 'NOT_EMPTY', 'ALREADY_EXISTS');
    await expectRefused(rename('missing', 'new'), 'NOT_FOUND');
    await expectRefused(rename('file', 'missing/new'), 'NOT_FOUND');
    await expectRefused(rename('file', 'full/inside/new'), 'NOT_A_DIRECTORY', 'NOT_FOUND');
    await expectRefused(rename('full', 'full/inside-itself'), 'INVALID_ARGUMENT');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
    expect(await readFile(stage.real('full/inside'), 'utf8')).toBe('inside');
    expect(await exists(stage.real('empty'))).toBe(true);
    expect(await exists(stage.real('new'))).toBe(false);
  });

  test('with a pre-image is refused just the same, and changes nothing', async () => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('empty');
    const keep = { preImage: 'refused' };
    const attempt = (path: string, to: string) =>
      stage.apply({ kind: 'rename', path: stage.at(path), to: stage.at(to) }, keep);
    await expectRefused(attempt('missing', 'file'), 'NOT_FOUND');
    await expectRefused(attempt('empty', 'file'), 'NOT_A_DIRECTORY');
    await expectRefused(attempt('file', 'empty'), 'IS_A_DIRECTORY');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
    expect(await exists(stage.real('empty'))).toBe(true);
    await stage.tree.dropPreImage('refused');
  });
}
