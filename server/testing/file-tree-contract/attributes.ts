import { describe, expect, test } from 'vitest';
import { lstat, readFile, symlink } from 'node:fs/promises';
import { ROOT } from '../../filesystem/tree-path.ts';
import { expectRefused, modeOf, type Stage } from './stage.ts';

const SECOND_NS = 1_000_000_000n;

/** chmod, chown and times. */
export function describeAttributes(stage: Stage): void {
  describe('attributes', () => {
    describeModes(stage);
    describeOwners(stage);
    describeTimes(stage);
  });
}

function describeModes(stage: Stage): void {
  test.each([0o644, 0o000, 0o777, 0o4755, 0o2755, 0o1644, 0o7777])(
    'sets exactly mode %i (decimal) on a file and a directory',
    async (mode) => {
      await stage.plant('file');
      await stage.plantDirectory('directory');
      for (const name of ['file', 'directory']) {
        await stage.apply({ kind: 'chmod', path: stage.at(name), mode });
        expect(await modeOf(stage.real(name))).toBe(mode);
        expect((await stage.tree.stat(stage.at(name)))?.mode).toBe(mode);
      }
    },
  );

  test('refuses chmod of a symlink and leaves its target alone', async () => {
    await stage.plant('target');
    const before = await modeOf(stage.real('target'));
    await symlink('target', stage.real('link'));
    const refused = stage.apply({ kind: 'chmod', path: stage.at('link'), mode: 0o777 });
    await expectRefused(refused, 'NOT_SUPPORTED', 'TOO_MANY_SYMLINKS', 'INVALID_ARGUMENT');
    expect(await modeOf(stage.real('target'))).toBe(before);
  });

  test('refuses to change the attributes of what is missing', async () => {
    const path = stage.at('missing');
    await expectRefused(stage.apply({ kind: 'chmod', path, mode: 0o644 }), 'NOT_FOUND');
    await expectRefused(stage.apply({ kind: 'chown', path, uid: 0, gid: 0 }), 'NOT_FOUND');
    await expectRefused(stage.apply({ kind: 'times', path, atimeNs: 0n, mtimeNs: 0n }), 'NOT_FOUND');
  });

  test('sets attributes of the root itself', async () => {
    const before = await modeOf(stage.root);
    await stage.apply({ kind: 'chmod', path: ROOT, mode: 0o751 });
    expect(await modeOf(stage.root)).toBe(0o751);
    await stage.apply({ kind: 'chmod', path: ROOT, mode: before });
    await stage.apply({ kind: 'times', path: ROOT, atimeNs: 7n * SECOND_NS, mtimeNs: 8n * SECOND_NS });
    expect((await stage.tree.stat(ROOT))?.mtimeNs).toBe(8n * SECOND_NS);
  });
}

function describeOwners(stage: Stage): void {
  test('sets the owner of a file, a directory and a symlink, never of its target', async (context) => {
    if (!stage.owners) context.skip();
    await stage.plant('file', 'content');
    await stage.plantDirectory('directory');
    await stage.plant('target');
    await symlink('target', stage.real('link'));
    const before = await lstat(stage.real('target'));
    const owner = { uid: 4_000_000_000, gid: 4_000_000_001 };
    for (const name of ['file', 'directory', 'link']) {
      await stage.apply({ kind: 'chown', path: stage.at(name), ...owner });
      expect(await lstat(stage.real(name))).toMatchObject(owner);
      expect(await stage.tree.stat(stage.at(name))).toMatchObject(owner);
    }
    expect(await lstat(stage.real('target'))).toMatchObject({ uid: before.uid, gid: before.gid });
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });
}

function describeTimes(stage: Stage): void {
  const seconds = [0n, 1n, 1_700_000_000n, 2_147_483_647n, 2_147_483_648n, 4_294_967_295n];

  test.each(seconds)('sets the times to second %i, and with a fraction stays within it', async (second) => {
    await stage.plant('file', 'content');
    for (const fraction of [0n, 1n, 499_999_999n, 999_999_999n]) {
      const mtimeNs = second * SECOND_NS + fraction;
      await stage.apply({ kind: 'times', path: stage.at('file'), atimeNs: mtimeNs, mtimeNs });
      const found = await lstat(stage.real('file'), { bigint: true });
      expect([found.atimeNs / SECOND_NS, found.mtimeNs / SECOND_NS]).toEqual([second, second]);
      const told = await stage.tree.stat(stage.at('file'));
      expect(told && told.mtimeNs / SECOND_NS).toBe(second);
    }
  });

  test('sets atime and mtime apart, on a directory too', async () => {
    await stage.plantDirectory('directory');
    const times = { atimeNs: 1_111_111_111n * SECOND_NS, mtimeNs: 1_222_222_222n * SECOND_NS };
    await stage.apply({ kind: 'times', path: stage.at('directory'), ...times });
    expect(await lstat(stage.real('directory'), { bigint: true })).toMatchObject(times);
    expect(await stage.tree.stat(stage.at('directory'))).toMatchObject(times);
  });

  test('sets the times of a symlink, never of its target', async () => {
    await stage.plant('target');
    await symlink('target', stage.real('link'));
    const before = await lstat(stage.real('target'), { bigint: true });
    const mtimeNs = 1_333_333_333n * SECOND_NS;
    await stage.apply({ kind: 'times', path: stage.at('link'), atimeNs: mtimeNs, mtimeNs });
    expect((await lstat(stage.real('link'), { bigint: true })).mtimeNs).toBe(mtimeNs);
    expect((await lstat(stage.real('target'), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
  });

  test('are not touched again by what was written before', async () => {
    const path = stage.at('file');
    await stage.apply({ kind: 'create', path, mode: 0o644 });
    await stage.apply({ kind: 'write', path, offset: 0, data: Buffer.from('content') });
    await stage.apply({ kind: 'times', path, atimeNs: 5n * SECOND_NS, mtimeNs: 6n * SECOND_NS });
    stage.tree.release(path);
    expect((await stage.tree.stat(path))?.mtimeNs).toBe(6n * SECOND_NS);
    expect((await lstat(stage.real('file'), { bigint: true })).mtimeNs).toBe(6n * SECOND_NS);
  });
}
