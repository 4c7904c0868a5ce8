import { describe, expect, test } from 'vitest';
import { lstat, open, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, expectCode, expectRefused, modeOf, patterned, sourceOf, type Stage } from './stage.ts';

const NOTHING = Buffer.alloc(0);

/** replaceFile, fillDirectory and replaceWithLink, which repair is made of. */
export function describeReplacing(stage: Stage): void {
  describe('replaceFile', () => {
    describeReplaceFile(stage);
    describeReplaceConflicts(stage);
  });
  describe('fillDirectory', () => describeFillDirectory(stage));
  describe('replaceWithLink', () => describeReplaceWithLink(stage));
}

function describeReplaceFile(stage: Stage): void {
  test.each([0, 1, 4096, 5 * 1024 * 1024 + 7])('puts %i bytes where nothing is', async (sizeBytes) => {
    const content = patterned(sizeBytes);
    await stage.tree.replaceFile(stage.at('new'), sourceOf(content));
    expect((await readFile(stage.real('new'))).equals(content)).toBe(true);
    expect(await modeOf(stage.real('new'))).toBe(0o640);
  });

  test('sets mode with setuid, times and owner', async () => {
    const uid = stage.owners ? 12_345 : (await lstat(stage.root)).uid;
    const gid = stage.owners ? 54_321 : (await lstat(stage.root)).gid;
    const times = { atimeNs: 1_111_111_111_000_000_000n, mtimeNs: 2_222_222_222_000_000_000n };
    const source = sourceOf(Buffer.from('content'), { mode: 0o4751, uid, gid, ...times });
    await stage.tree.replaceFile(stage.at('new'), source);
    expect(await modeOf(stage.real('new'))).toBe(0o4751);
    expect(await lstat(stage.real('new'))).toMatchObject({ uid, gid });
    expect(await lstat(stage.real('new'), { bigint: true })).toMatchObject(times);
  });

  test('replaces a file atomically: who has it open keeps the old content', async () => {
    await stage.plant('file', 'old content');
    const reader = await open(stage.real('file'));
    await stage.tree.replaceFile(stage.at('file'), sourceOf(Buffer.from('new')));
    expect(await readFile(stage.real('file'), 'utf8')).toBe('new');
    expect(await reader.readFile('utf8')).toBe('old content');
    await reader.close();
  });

  test('replaces one name of a hard-linked file and leaves the other', async () => {
    await stage.plant('first', 'old');
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    await stage.tree.replaceFile(stage.at('first'), sourceOf(Buffer.from('new')));
    expect(await readFile(stage.real('first'), 'utf8')).toBe('new');
    expect(await readFile(stage.real('second'), 'utf8')).toBe('old');
  });

  test('replaces a symlink, not what it points to', async () => {
    await stage.plant('target', 'target');
    await symlink('target', stage.real('link'));
    await stage.tree.replaceFile(stage.at('link'), sourceOf(Buffer.from('new')));
    expect((await lstat(stage.real('link'))).isFile()).toBe(true);
    expect(await readFile(stage.real('target'), 'utf8')).toBe('target');
  });
}

function describeReplaceConflicts(stage: Stage): void {
  test('is refused where a directory stands, or without a parent', async () => {
    await stage.plantDirectory('directory');
    const source = () => sourceOf(Buffer.from('new'));
    await expectCode(stage.tree.replaceFile(stage.at('directory'), source()), 'IS_A_DIRECTORY');
    await expectRefused(stage.tree.replaceFile(stage.at('missing/file'), source()), 'NOT_FOUND');
    expect((await lstat(stage.real('directory'))).isDirectory()).toBe(true);
  });

  test('leaves the old file, and nothing half done, when the source fails', async () => {
    await stage.plant('file', 'old');
    const source = {
      ...sourceOf(Buffer.alloc(100_000)),
      content: (async function* () {
        yield Buffer.alloc(50_000);
        throw new Error('the source went away');
      })(),
    };
    await expect(stage.tree.replaceFile(stage.at('file'), source)).rejects.toThrow();
    expect(await readFile(stage.real('file'), 'utf8')).toBe('old');
    expect(await readdir(stage.real(''))).toEqual(['file']);
    await stage.tree.dropLeftovers();
    const staging = join(stage.root, '.proxyfs/staging');
    expect(await readdir(staging).catch(() => [])).toEqual([]);
  });
}

function describeFillDirectory(stage: Stage): void {
  const names = ['a', 'b c', '-d', 'é\n', 'f', 'g', 'h', 'i'];
  const sourceFor = async () => {
    const { uid, gid } = await lstat(stage.root);
    const files = names.map((name, k) => {
      const content = patterned(k * 1000);
      const { stat } = sourceOf(content, { mode: 0o600 + k, uid, gid, mtimeNs: BigInt(k) * 1_000_000_000n });
      return { name, stat, content };
    });
    return {
      stat: { ...sourceOf(NOTHING, { mode: 0o751, uid, gid }).stat, type: 'directory' as const },
      files,
    };
  };

  test('puts all files there with all they have, or nothing', async () => {
    await stage.plantDirectory('directory');
    const source = await sourceFor();
    const isFilled = await stage.tree.fillDirectory(stage.at('directory'), source);
    expect((await readdir(stage.real('directory'))).sort()).toEqual(isFilled ? names.toSorted() : []);
    if (!isFilled) return;
    expect(await modeOf(stage.real('directory'))).toBe(0o751);
    for (const { name, stat, content } of source.files) {
      const at = stage.real(`directory/${name}`);
      const { mode, uid, gid, mtimeNs } = stat;
      const found = await lstat(at, { bigint: true });
      expect([Number(found.mode & 0o7777n), Number(found.uid), Number(found.gid)]).toEqual([mode, uid, gid]);
      expect([found.mtimeNs, (await readFile(at)).equals(content)]).toEqual([mtimeNs, true]);
    }
  });

  test.each([
    ['one that is not empty', async () => stage.plant('directory/other', 'kept')],
    ['one that is gone', async () => rm(stage.real('directory'), { recursive: true })],
    [
      'what is a symlink by now',
      async () => {
        await stage.plantDirectory('elsewhere');
        await rm(stage.real('directory'), { recursive: true });
        await symlink('elsewhere', stage.real('directory'));
      },
    ],
  ])('leaves %s alone, and nothing behind', async (_, change) => {
    await stage.plantDirectory('directory');
    await change();
    const before = await readdir(stage.real(''), { recursive: true });
    const isFilled = await stage.tree.fillDirectory(stage.at('directory'), await sourceFor());
    if (isFilled) expect(await readdir(stage.real('directory'))).toHaveLength(names.length);
    else expect(await readdir(stage.real(''), { recursive: true })).toEqual(before);
    expect(await readdir(join(stage.root, '.proxyfs/staging')).catch(() => [])).toEqual([]);
  });
}

function describeReplaceWithLink(stage: Stage): void {
  test('links where nothing, a file or a symlink is', async () => {
    await stage.plant('existing', 'content');
    await stage.plant('file', 'old');
    await symlink('elsewhere', stage.real('link'));
    for (const name of ['nothing', 'file', 'link']) {
      await stage.tree.replaceWithLink(stage.at(name), stage.at('existing'));
      expect((await lstat(stage.real(name))).ino).toBe((await lstat(stage.real('existing'))).ino);
    }
    expect((await lstat(stage.real('existing'))).nlink).toBe(4);
  });

  test('gives a symlink itself a further name', async () => {
    await stage.plant('target', 'content');
    await symlink('target', stage.real('existing'));
    await stage.tree.replaceWithLink(stage.at('second'), stage.at('existing'));
    expect((await lstat(stage.real('second'))).ino).toBe((await lstat(stage.real('existing'))).ino);
    expect(await readlink(stage.real('second'))).toBe('target');
  });

  test('changes nothing where both are one file already, and leaves no further link', async () => {
    await stage.plant('existing', 'content');
    await stage.tree.replaceWithLink(stage.at('second'), stage.at('existing'));
    await stage.tree.replaceWithLink(stage.at('second'), stage.at('existing'));
    expect((await lstat(stage.real('existing'))).nlink).toBe(2);
    expect(await readFile(stage.real('second'), 'utf8')).toBe('content');
  });

  test('is refused where a directory stands, and without the existing file', async () => {
    await stage.plantDirectory('directory');
    await stage.plant('existing', 'content');
    await symlink('kept', stage.real('link'));
    await expectCode(
      stage.tree.replaceWithLink(stage.at('directory'), stage.at('existing')),
      'IS_A_DIRECTORY',
    );
    await expectRefused(stage.tree.replaceWithLink(stage.at('link'), stage.at('missing')), 'NOT_FOUND');
    await expectRefused(stage.tree.replaceWithLink(stage.at('no/link'), stage.at('existing')), 'NOT_FOUND');
    expect(await readlink(stage.real('link'))).toBe('kept');
    expect((await lstat(stage.real('existing'))).nlink).toBe(1);
    expect(await exists(stage.real('no'))).toBe(false);
  });
}
