import { describe, expect, test } from 'vitest';
import { lstat, readFile, readlink, symlink } from 'node:fs/promises';
import { ROOT, treePath } from '../../filesystem/tree-path.ts';
import { exists, expectCode, expectRefused, listedNames, modeOf, type Stage } from './stage.ts';

const ODD_NAMES = [
  'with space',
  ' lead and trail ',
  'quote"double',
  "quote'single",
  'new\nline',
  'tab\tand\rreturn',
  'back\\slash',
  '-rf',
  '*?[a]{b}',
  '$HOME `id` ;&|',
  '%41 %2e%2e',
  '~',
  '...',
  '.proxyfs',
  '#comment#',
  'ünïcödé',
  'u\u0308 decomposed',
  '日本語',
  '😀',
  'x'.repeat(255),
  'é'.repeat(127),
];

/** New names and names that go: create, mkdir, symlink, link, unlink, rmdir. */
export function describeNames(stage: Stage): void {
  describe('names', () => {
    describeNewNames(stage);
    describeLinks(stage);
    describeRemoval(stage);
    describeRemovalConflicts(stage);
    describeOddNames(stage);
    describeNameConflicts(stage);
    describeLimits(stage);
  });
}

function describeNewNames(stage: Stage): void {
  test.each([0o644, 0o600, 0o777, 0o666, 0o444, 0o000, 0o4755, 0o2711, 0o1777, 0o7777])(
    'creates an empty file with exactly mode %i (decimal), whatever the umask',
    async (mode) => {
      await stage.apply({ kind: 'create', path: stage.at('file'), mode });
      const found = await lstat(stage.real('file'));
      expect(found.isFile()).toBe(true);
      expect(found.size).toBe(0);
      expect(found.mode & 0o7777).toBe(mode);
    },
  );

  test.each([0o755, 0o700, 0o777, 0o1777, 0o2775, 0o000])(
    'makes an empty directory with exactly mode %i (decimal), whatever the umask',
    async (mode) => {
      await stage.apply({ kind: 'mkdir', path: stage.at('made'), mode });
      expect((await lstat(stage.real('made'))).isDirectory()).toBe(true);
      expect(await modeOf(stage.real('made'))).toBe(mode);
    },
  );

  test('gives new entries to the owner named, with setuid kept', async (context) => {
    if (!stage.owners) context.skip();
    const owner = { uid: 12_345, gid: 54_321 };
    await stage.apply({ kind: 'create', path: stage.at('file'), mode: 0o4755, owner });
    await stage.apply({ kind: 'mkdir', path: stage.at('made'), mode: 0o2755, owner });
    await stage.apply({ kind: 'symlink', path: stage.at('link'), target: 'file', owner });
    for (const name of ['file', 'made', 'link']) expect(await lstat(stage.real(name))).toMatchObject(owner);
    expect(await modeOf(stage.real('file'))).toBe(0o4755);
    expect(await modeOf(stage.real('made'))).toBe(0o2755);
  });
}

function describeLinks(stage: Stage): void {
  test.each([
    'file',
    '../up',
    '/absolute/elsewhere',
    'no such thing',
    'odd\n"\\ ünï',
    't'.repeat(1000),
    '.proxyfs/x',
  ])('makes a symlink that says exactly %j', async (target) => {
    await stage.apply({ kind: 'symlink', path: stage.at('link'), target });
    expect(await readlink(stage.real('link'))).toBe(target);
    expect(await stage.tree.readLink(stage.at('link'))).toBe(target);
  });

  test('links a second name to the same file', async () => {
    await stage.plant('first', 'content');
    await stage.plantDirectory('below');
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('below/second') });
    const [first, second] = [await lstat(stage.real('first')), await lstat(stage.real('below/second'))];
    expect(second.ino).toBe(first.ino);
    expect(first.nlink).toBe(2);
  });

  test('links nothing to a missing file, over an existing name, or to a directory', async () => {
    await stage.plant('first', 'content');
    await stage.plant('other', 'other');
    await stage.plantDirectory('directory');
    const link = (path: string, to: string) =>
      stage.apply({ kind: 'link', path: stage.at(path), to: stage.at(to) });
    await expectRefused(link('missing', 'new'), 'NOT_FOUND');
    await expectRefused(link('first', 'other'), 'ALREADY_EXISTS');
    await expectRefused(link('first', 'missing/new'), 'NOT_FOUND');
    await expectRefused(link('directory', 'new'), 'NOT_PERMITTED', 'IS_A_DIRECTORY');
    expect(await readFile(stage.real('other'), 'utf8')).toBe('other');
    expect(await exists(stage.real('new'))).toBe(false);
    expect((await lstat(stage.real('first'))).nlink).toBe(1);
  });
}

function describeRemoval(stage: Stage): void {
  test('unlinks a file, and of hard links only the one name', async () => {
    await stage.plant('first', 'content');
    await stage.apply({ kind: 'link', path: stage.at('first'), to: stage.at('second') });
    await stage.apply({ kind: 'unlink', path: stage.at('first') });
    expect(await exists(stage.real('first'))).toBe(false);
    expect(await readFile(stage.real('second'), 'utf8')).toBe('content');
  });

  test('unlinks a symlink and leaves what it points to', async () => {
    await stage.plant('target', 'content');
    await stage.plantDirectory('directory');
    await symlink('target', stage.real('to-file'));
    await symlink('directory', stage.real('to-directory'));
    await stage.apply({ kind: 'unlink', path: stage.at('to-file') });
    await stage.apply({ kind: 'unlink', path: stage.at('to-directory') });
    expect(await readFile(stage.real('target'), 'utf8')).toBe('content');
    expect(await exists(stage.real('directory'))).toBe(true);
    expect(await exists(stage.real('to-file'))).toBe(false);
    expect(await exists(stage.real('to-directory'))).toBe(false);
  });
}

function describeRemovalConflicts(stage: Stage): void {
  test('removes an empty directory and no other thing', async () => {
    await stage.plantDirectory('empty');
    await stage.plantDirectory('full');
    await stage.plant('full/file', 'content');
    await symlink('empty', stage.real('link'));
    const rmdir = (name: string) => stage.apply({ kind: 'rmdir', path: stage.at(name) });
    await expectRefused(rmdir('full'), 'NOT_EMPTY');
    await expectRefused(rmdir('full/file'), 'NOT_A_DIRECTORY');
    await expectRefused(rmdir('link'), 'NOT_A_DIRECTORY');
    await expectRefused(rmdir('missing'), 'NOT_FOUND');
    await rmdir('empty');
    expect(await exists(stage.real('empty'))).toBe(false);
    expect(await readFile(stage.real('full/file'), 'utf8')).toBe('content');
    expect(await exists(stage.real('link'))).toBe(true);
  });

  test('refuses to unlink a directory, with and without a pre-image, or what is missing', async () => {
    await stage.plantDirectory('directory');
    const path = stage.at('directory');
    await expectRefused(stage.apply({ kind: 'unlink', path }), 'IS_A_DIRECTORY', 'NOT_PERMITTED');
    await expectRefused(
      stage.apply({ kind: 'unlink', path }, { preImage: 'dir' }),
      'IS_A_DIRECTORY',
      'NOT_PERMITTED',
    );
    await expectRefused(stage.apply({ kind: 'unlink', path: stage.at('missing') }), 'NOT_FOUND');
    await expectRefused(
      stage.apply({ kind: 'unlink', path: stage.at('missing') }, { preImage: 'none' }),
      'NOT_FOUND',
    );
    expect((await lstat(stage.real('directory'))).isDirectory()).toBe(true);
  });
}

function describeOddNames(stage: Stage): void {
  test.each(ODD_NAMES)('carries the name %j through every operation that names it', async (name) => {
    const path = stage.at(name);
    await stage.apply({ kind: 'create', path, mode: 0o644 });
    await stage.apply({ kind: 'write', path, offset: 0, data: Buffer.from('content') });
    expect(await readFile(stage.real(name), 'utf8')).toBe('content');
    await stage.apply({ kind: 'link', path, to: stage.at('second') });
    await stage.apply({ kind: 'unlink', path });
    expect(await exists(stage.real(name))).toBe(false);
    await stage.apply({ kind: 'rename', path: stage.at('second'), to: path });
    expect(await listedNames(stage.tree, stage.directory())).toEqual([name]);
    expect((await stage.tree.stat(path))?.sizeBytes).toBe(7);
  });
}

function describeNameConflicts(stage: Stage): void {
  const makers = {
    create: (name: string) => stage.apply({ kind: 'create', path: stage.at(name), mode: 0o644 }),
    mkdir: (name: string) => stage.apply({ kind: 'mkdir', path: stage.at(name), mode: 0o755 }),
    symlink: (name: string) => stage.apply({ kind: 'symlink', path: stage.at(name), target: 'else' }),
  };

  test.each(Object.entries(makers))('%s is refused where something stands, which stays', async (_, make) => {
    await stage.plant('file', 'content');
    await stage.plantDirectory('directory');
    await symlink('nowhere', stage.real('dangling'));
    await expectRefused(make('file'), 'ALREADY_EXISTS');
    await expectRefused(make('directory'), 'ALREADY_EXISTS');
    await expectRefused(make('dangling'), 'ALREADY_EXISTS');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
    expect(await readlink(stage.real('dangling'))).toBe('nowhere');
    expect(await exists(stage.real('nowhere'))).toBe(false);
  });

  test.each(Object.entries(makers))('%s is refused without its parent, or below a file', async (_, make) => {
    await stage.plant('file', 'content');
    await expectRefused(make('missing/new'), 'NOT_FOUND');
    await expectRefused(make('file/new'), 'NOT_A_DIRECTORY', 'NOT_FOUND');
    expect(await exists(stage.real('missing'))).toBe(false);
  });

  test('the root itself is neither made, removed nor renamed', async () => {
    const refusals = [
      'BUSY',
      'INVALID_ARGUMENT',
      'NOT_PERMITTED',
      'IS_A_DIRECTORY',
      'ALREADY_EXISTS',
    ] as const;
    await expectRefused(stage.apply({ kind: 'rmdir', path: ROOT }), ...refusals, 'NOT_EMPTY');
    await expectRefused(stage.apply({ kind: 'unlink', path: ROOT }), ...refusals);
    await expectRefused(stage.apply({ kind: 'mkdir', path: ROOT, mode: 0o755 }), ...refusals);
    await expectRefused(stage.apply({ kind: 'rename', path: ROOT, to: stage.at('inside') }), ...refusals);
    expect(await exists(stage.root)).toBe(true);
  });
}

function describeLimits(stage: Stage): void {
  test('a path that exceeds 4,095 bytes below the root is refused with NAME_TOO_LONG', async () => {
    const long = treePath(`${`/${'d'.repeat(254)}`.repeat(15)}/${'e'.repeat(262 - 8)}`);
    expect(Buffer.byteLength(stage.root + long)).toBeGreaterThan(4095);
    await expectCode(stage.apply({ kind: 'create', path: long, mode: 0o644 }), 'NAME_TOO_LONG');
    await expectCode(stage.apply({ kind: 'mkdir', path: long, mode: 0o755 }), 'NAME_TOO_LONG');
    await stage.plant('file', 'content');
    await expectCode(stage.apply({ kind: 'rename', path: stage.at('file'), to: long }), 'NAME_TOO_LONG');
    await expectCode(stage.apply({ kind: 'link', path: stage.at('file'), to: long }), 'NAME_TOO_LONG');
    await expectCode(stage.tree.replaceWithLink(long, stage.at('file')), 'NAME_TOO_LONG');
    expect(await readFile(stage.real('file'), 'utf8')).toBe('content');
  });

  test('a symlink target of 4,096 bytes or none is refused, and nothing made', async () => {
    const make = (target: string) => stage.apply({ kind: 'symlink', path: stage.at('link'), target });
    await expectRefused(make('t'.repeat(4096)), 'NAME_TOO_LONG', 'INVALID_ARGUMENT');
    await expectRefused(make(''), 'NOT_FOUND', 'INVALID_ARGUMENT');
    await expectRefused(make('nul\0inside'), 'INVALID_ARGUMENT');
    expect(await exists(stage.real('link'))).toBe(false);
  });
}
