import { describe, expect, test } from 'vitest';
import { lstat, readFile, readlink, symlink } from 'node:fs/promises';
import { exists, type Stage } from './stage.ts';

/** What `unlink` removes and `rename` replaces, kept and brought back. */
export function describePreImages(stage: Stage): void {
  describe('pre-images', () => {
    describeUnlinked(stage);
    describeReplaced(stage);
    describeDropping(stage);
  });
}

function describeUnlinked(stage: Stage): void {
  test('an unlinked file comes back as the same inode, with content and mode', async () => {
    await stage.plant('file', 'content');
    await stage.apply({ kind: 'chmod', path: stage.at('file'), mode: 0o4640 });
    const before = await lstat(stage.real('file'), { bigint: true });
    await stage.apply({ kind: 'unlink', path: stage.at('file') }, { preImage: 'unlinked' });
    expect(await exists(stage.real('file'))).toBe(false);
    expect(await stage.tree.restorePreImage('unlinked', stage.at('file'))).toBe(true);
    const { ino, mode, mtimeNs, nlink } = before;
    expect(await lstat(stage.real('file'), { bigint: true })).toMatchObject({ ino, mode, mtimeNs, nlink });
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });

  test('an unlinked hard link comes back as a name of the same file', async () => {
    await stage.plant('first', 'content');
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    await stage.apply({ kind: 'unlink', path: stage.at('first') }, { preImage: 'hard-link' });
    expect(await exists(stage.real('first'))).toBe(false);
    expect(await stage.tree.restorePreImage('hard-link', stage.at('first'))).toBe(true);
    const [first, second] = [await lstat(stage.real('first')), await lstat(stage.real('second'))];
    expect(first.ino).toBe(second.ino);
    expect(first.nlink).toBe(2);
  });

  test('an unlinked symlink comes back', async () => {
    await symlink('some/where', stage.real('link'));
    await stage.apply({ kind: 'unlink', path: stage.at('link') }, { preImage: 'symlink' });
    expect(await exists(stage.real('link'))).toBe(false);
    expect(await stage.tree.restorePreImage('symlink', stage.at('link'))).toBe(true);
    expect(await readlink(stage.real('link'))).toBe('some/where');
  });

  test('a repeated unlink keeps what the first one kept', async () => {
    const unlink = { kind: 'unlink', path: stage.at('file') } as const;
    await stage.plant('file', 'content');
    await stage.apply(unlink, { preImage: 'twice' });
    await stage.apply(unlink, { preImage: 'twice', repeated: true });
    expect(await stage.tree.restorePreImage('twice', stage.at('file'))).toBe(true);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });
}

function describeReplaced(stage: Stage): void {
  const rename = (preImage: string, repeated = false) =>
    stage.apply({ kind: 'rename', path: stage.at('from'), to: stage.at('to') }, { preImage, repeated });

  test('a replaced file comes back after the rename is taken back', async () => {
    await stage.plant('from', 'new');
    await stage.plant('to', 'old');
    const before = await lstat(stage.real('to'));
    await rename('replaced');
    expect(await readFile(stage.real('to'), 'utf8')).toBe('new');
    await stage.apply({ kind: 'rename', path: stage.at('to'), to: stage.at('from') });
    expect(await stage.tree.restorePreImage('replaced', stage.at('to'))).toBe(true);
    expect(await readFile(stage.real('from'), 'utf8')).toBe('new');
    expect(await readFile(stage.real('to'), 'utf8')).toBe('old');
    expect(await lstat(stage.real('to'))).toMatchObject({ ino: before.ino, nlink: 1 });
  });

  test('a repeated rename keeps the old content, not what the first attempt put there', async () => {
    await stage.plant('from', 'new');
    await stage.plant('to', 'old');
    await rename('repeated');
    await rename('repeated', true);
    expect(await readFile(stage.real('to'), 'utf8')).toBe('new');
    expect(await stage.tree.restorePreImage('repeated', stage.at('to'))).toBe(true);
    expect(await readFile(stage.real('to'), 'utf8')).toBe('old');
  });

  test('restoring replaces what stands there', async () => {
    await stage.plant('from', 'new');
    await symlink('old-target', stage.real('to'));
    await rename('over');
    expect(await stage.tree.restorePreImage('over', stage.at('to'))).toBe(true);
    expect(await readlink(stage.real('to'))).toBe('old-target');
  });

  test('a rename that replaces nothing keeps nothing', async () => {
    await stage.plant('from', 'content');
    await rename('nothing');
    expect(await stage.tree.restorePreImage('nothing', stage.at('to'))).toBe(false);
    expect(await readFile(stage.real('to'), 'utf8')).toBe('content');
  });

  test('restoring a second time finds nothing, and no link is left over', async () => {
    await stage.plant('from', 'new');
    await stage.plant('to', 'old');
    await rename('once');
    expect(await stage.tree.restorePreImage('once', stage.at('to'))).toBe(true);
    expect(await stage.tree.restorePreImage('once', stage.at('to'))).toBe(false);
    expect((await lstat(stage.real('to'))).nlink).toBe(1);
  });
}

function describeDropping(stage: Stage): void {
  test('a dropped pre-image is gone, and dropping twice is nothing', async () => {
    await stage.plant('file', 'content');
    await stage.apply({ kind: 'unlink', path: stage.at('file') }, { preImage: 'dropped' });
    await stage.tree.dropPreImage('dropped');
    await stage.tree.dropPreImage('dropped');
    expect(await stage.tree.restorePreImage('dropped', stage.at('file'))).toBe(false);
    expect(await exists(stage.real('file'))).toBe(false);
  });

  test('a missing pre-image leaves what stands there alone', async () => {
    await stage.plant('file', 'content');
    expect(await stage.tree.restorePreImage('never-kept', stage.at('file'))).toBe(false);
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });

  test('dropLeftovers removes all of them', async () => {
    for (const name of ['one', 'two']) {
      await stage.plant(name, 'content');
      await stage.apply({ kind: 'unlink', path: stage.at(name) }, { preImage: name });
    }
    await stage.tree.dropLeftovers();
    await stage.tree.dropLeftovers();
    expect(await stage.tree.restorePreImage('one', stage.at('one'))).toBe(false);
    expect(await stage.tree.restorePreImage('two', stage.at('two'))).toBe(false);
  });
}
