import { describe, expect, test } from 'vitest';
import { lstat, symlink, writeFile } from 'node:fs/promises';
import { ROOT } from '../../filesystem/tree-path.ts';
import { expectRefused, listedNames, type Stage } from './stage.ts';

/** stat, list, readLink and space. */
export function describeReading(stage: Stage): void {
  describe('stat', () => describeStat(stage));
  describe('list', () => describeList(stage));
  describe('readLink and space', () => describeRest(stage));
}

function describeStat(stage: Stage): void {
  test('describes a file, a directory, a symlink and the root', async () => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('directory');
    await symlink('file', stage.real('link'));
    const type = async (name: string) => (await stage.tree.stat(stage.at(name)))?.type;
    expect([await type('file'), await type('directory'), await type('link')]).toEqual([
      'file',
      'directory',
      'symlink',
    ]);
    expect((await stage.tree.stat(ROOT))?.type).toBe('directory');
    const found = await lstat(stage.real('file'));
    expect(await stage.tree.stat(stage.at('file'))).toMatchObject({
      mode: found.mode & 0o7777,
      uid: found.uid,
      gid: found.gid,
      sizeBytes: 7,
    });
  });

  test('is undefined where nothing is, below a missing directory and below a file', async () => {
    await stage.plant('file', 'content');
    expect(await stage.tree.stat(stage.at('missing'))).toBeUndefined();
    expect(await stage.tree.stat(stage.at('missing/deeper/still'))).toBeUndefined();
    expect(await stage.tree.stat(stage.at('file/below'))).toBeUndefined();
  });
}

function describeList(stage: Stage): void {
  test('pages 3,000 entries, each exactly once', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `entry ${index}`);
    await stage.plantDirectory('many');
    for (const name of names) await writeFile(stage.real(`many/${name}`), '');
    const found: string[] = [];
    let pages = 0;
    for await (const page of stage.tree.list(stage.at('many'))) {
      expect(page.length).toBeLessThanOrEqual(1000);
      expect(page.every((entry) => entry.stat.type === 'file')).toBe(true);
      found.push(...page.map((entry) => entry.name));
      pages++;
    }
    expect(pages).toBeGreaterThan(2);
    expect(found.sort()).toEqual(names.sort());
  });

  test('may be left early', async () => {
    await stage.plant('a');
    for await (const page of stage.tree.list(stage.directory())) {
      expect(page.length).toBe(1);
      break;
    }
    expect(await listedNames(stage.tree, stage.directory())).toEqual(['a']);
  });

  test('hides the reserved directory at the root, and only there', async () => {
    await stage.tree.writeReserved('contract.json', Buffer.from('{}'));
    await stage.plantDirectory('.proxyfs');
    const atRoot = await listedNames(stage.tree, ROOT);
    expect(atRoot).not.toContain('.proxyfs');
    expect(atRoot.length).toBeGreaterThan(0);
    expect(await listedNames(stage.tree, stage.directory())).toEqual(['.proxyfs']);
  });

  test('says type, size and symlinks of the entries', async () => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('directory');
    await symlink('directory', stage.real('link'));
    const types: Record<string, string> = {};
    for await (const page of stage.tree.list(stage.directory())) {
      for (const { name, stat } of page) types[name] = stat.type;
    }
    expect(types).toEqual({ file: 'file', directory: 'directory', link: 'symlink' });
  });

  test('of an empty directory has no entries; of a missing one or a file it is refused', async () => {
    await stage.plant('file');
    await stage.plantDirectory('empty');
    expect(await listedNames(stage.tree, stage.at('empty'))).toEqual([]);
    await expectRefused(listedNames(stage.tree, stage.at('missing')), 'NOT_FOUND');
    await expectRefused(listedNames(stage.tree, stage.at('file')), 'NOT_A_DIRECTORY');
  });
}

function describeRest(stage: Stage): void {
  test('readLink is refused for what is no symlink', async () => {
    await stage.plant('file');
    await expectRefused(stage.tree.readLink(stage.at('file')), 'INVALID_ARGUMENT');
    await expectRefused(stage.tree.readLink(stage.at('missing')), 'NOT_FOUND');
  });

  test('space says what is free on a file system that can be written', async () => {
    const space = await stage.tree.space();
    expect(space.freeBytes).toBeGreaterThan(0);
    expect(space.readOnly).toBe(false);
    expect(space.freeFiles ?? 1).toBeGreaterThan(0);
  });
}
