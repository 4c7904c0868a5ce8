import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lstat, mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asAppError } from '../base/errors.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { LocalTree } from './local-tree.ts';
import type { Operation } from './operation.ts';
import { ROOT, treePath, type TreePath } from './tree-path.ts';

const NOT_UTF8 = Buffer.from([0x61, 0xff, 0x62]);

let temp: TempDirectory;
let root: string;
let tree: LocalTree;

beforeEach(async () => {
  temp = await tempDirectory('details');
  root = join(temp.path, 'root');
  await mkdir(root);
  tree = new LocalTree(root, join(temp.path, 'state'));
  await tree.start();
});

afterEach(async () => {
  await tree.stop();
  await temp.remove();
});

const path = (text: string): TreePath => treePath(text);
const real = (name: string): string => join(root, name);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'resolved',
    (error: unknown) => asAppError(error).code,
  );
const write = (at: string, offset: number, text: string): Operation => ({
  kind: 'write',
  path: path(at),
  offset,
  data: Buffer.from(text),
});

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('names that are not UTF-8', () => {
  test('are listed with replacement characters and their true attributes', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), NOT_UTF8]), 'content');
    const pages = await collected(tree.list(ROOT));
    expect(pages.flat().map(({ name, stat }) => [name, stat.sizeBytes])).toEqual([['a\ufffdb', 7]]);
  });

  test('have no hard-link names, and don’t end the walk', async () => {
    await mkdir(Buffer.concat([Buffer.from(`${root}/`), NOT_UTF8]));
    await writeFile(real('z'), '');
    await tree.apply({ kind: 'link', path: path('/z'), to: path('/y') });
    expect([...(await tree.walkHardLinks()).values()].map((names) => names.toSorted())).toEqual([
      ['/y', '/z'],
    ]);
  });

  test('in a symlink are refused rather than replaced', async () => {
    await symlink(NOT_UTF8, real('link'));
    expect(await codeOf(tree.readLink(path('/link')))).toBe('NAME_NOT_UTF8');
  });
});

describe('hard links', () => {
  beforeEach(async () => {
    await mkdir(real('deep'));
    await mkdir(real('deep/er'));
    await mkdir(real('.proxyfs'));
    await writeFile(real('single'), '');
    for (const name of ['one', 'two']) await writeFile(real(name), name);
    await tree.apply({ kind: 'link', path: path('/one'), to: path('/deep/er/one') });
    await tree.apply({ kind: 'link', path: path('/two'), to: path('/deep/two') });
    await tree.apply({ kind: 'unlink', path: path('/two') }, { preImage: 'kept' });
    await symlink('deep', real('not-followed'));
  });

  test('namesOf finds every name of an inode, none of which is reserved', async () => {
    const one = await tree.lstat(path('/one'));
    expect((await collected(tree.namesOf(one.ino, one.dev))).toSorted()).toEqual(['/deep/er/one', '/one']);
    const two = await tree.lstat(path('/deep/two'));
    expect(two.nlink).toBe(2n);
    expect(await collected(tree.namesOf(two.ino, two.dev))).toEqual(['/deep/two']);
    expect(await collected(tree.namesOf(0n, 0n))).toEqual([]);
  });

  test('walkHardLinks groups the files with several links', async () => {
    const one = await tree.lstat(path('/one'));
    const groups = await tree.walkHardLinks();
    expect(groups.size).toBe(2);
    expect(groups.get(`${one.dev}:${one.ino}`)?.toSorted()).toEqual(['/deep/er/one', '/one']);
  });
});

describe('paths on this machine', () => {
  test('absolute measures the whole path in bytes', () => {
    expect(tree.absolute(ROOT)).toBe(root);
    expect(tree.absolute(path('/a/b'))).toBe(`${root}/a/b`);
    const room = 4095 - Buffer.byteLength(root);
    const long = (lengthBytes: number) => path(`/${'é/'.repeat(1300)}${'x'.repeat(lengthBytes - 3901)}`);
    expect(Buffer.byteLength(tree.absolute(long(room)))).toBe(4095);
    expect(() => tree.absolute(long(room + 1))).toThrow('File name too long');
  });

  test('lstat says NOT_FOUND where nothing is', async () => {
    expect(await codeOf(tree.lstat(path('/missing')))).toBe('NOT_FOUND');
    expect((await tree.lstat(ROOT)).isDirectory()).toBe(true);
  });
});

describe('changes of content', () => {
  test('through several names at once keep to their order, and none is lost', async () => {
    await tree.apply({ kind: 'create', path: path('/a'), mode: 0o644 });
    await tree.apply({ kind: 'link', path: path('/a'), to: path('/b') });
    const lines = Array.from({ length: 200 }, (_, index) => String(index).padStart(5, '.'));
    await Promise.all(
      lines.map((text, index) => tree.apply(write(index % 2 ? '/a' : '/b', index * 5, text))),
    );
    expect(await readFile(real('a'), 'utf8')).toBe(lines.join(''));
  });

  test('reach the file that another writer put under the name a moment ago', async () => {
    await writeFile(real('a'), 'old.');
    await tree.apply(write('/a', 0, 'O'));
    await writeFile(real('b'), 'new.');
    await rename(real('b'), real('a'));
    await tree.apply(write('/a', 0, 'N'));
    expect(await readFile(real('a'), 'utf8')).toBe('New.');
  });

  test('leave no descriptor behind after stop', async () => {
    const before = (await readdir('/proc/self/fd')).length;
    const other = new LocalTree(root, join(temp.path, 'other'));
    await other.start();
    for (let index = 0; index < 100; index++) {
      await other.apply({ kind: 'create', path: path(`/f${index}`), mode: 0o644 });
    }
    expect((await readdir('/proc/self/fd')).length).toBeLessThan(before + 80);
    await other.stop();
    await expect.poll(async () => (await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(before);
  });

  test('are refused on a FIFO without waiting for its other end', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [real('fifo')]);
    expect(await codeOf(tree.apply(write('/fifo', 0, 'x')))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(tree.read(path('/fifo'), 0, 1))).toBe('INVALID_ARGUMENT');
    expect((await tree.stat(path('/fifo')))?.type).toBe('other');
  });
});

test('a source of another length than it says is refused, and the old file stays', async () => {
  await writeFile(real('file'), 'old');
  const stat = await tree.stat(path('/file'));
  if (!stat) throw new Error('the file was just made');
  const content = (async function* () {
    yield Buffer.from('ab');
  })();
  expect(await codeOf(tree.replaceFile(path('/file'), { stat, content }))).toBe('INPUT_OUTPUT');
  expect(await readFile(real('file'), 'utf8')).toBe('old');
});

test('a pre-image’s name can’t lead out of its directory', async () => {
  await writeFile(real('file'), 'content');
  const unlink: Operation = { kind: 'unlink', path: path('/file') };
  for (const preImage of ['../../escaped', '', '..', 'a/b', '.hidden']) {
    expect(await codeOf(tree.apply(unlink, { preImage }))).toBe('BUG');
  }
  expect(await readFile(real('file'), 'utf8')).toBe('content');
});

test('modes hold under any umask', async () => {
  const before = process.umask(0o077);
  try {
    await tree.apply({ kind: 'create', path: path('/file'), mode: 0o666 });
    await tree.apply({ kind: 'mkdir', path: path('/directory'), mode: 0o777 });
  } finally {
    process.umask(before);
  }
  expect((await lstat(real('file'))).mode & 0o7777).toBe(0o666);
  expect((await lstat(real('directory'))).mode & 0o7777).toBe(0o777);
});

test('syncAll resolves when the file system is flushed, and rejects where there is none', async () => {
  await tree.syncAll();
  const missing = new LocalTree(join(temp.path, 'missing'), join(temp.path, 'state'));
  expect(await codeOf(missing.syncAll())).toBe('INPUT_OUTPUT');
});

test('times before 1970 are set', async () => {
  await symlink('x', real('link'));
  await tree.apply({
    kind: 'times',
    path: path('/link'),
    atimeNs: -1_000_000_000n,
    mtimeNs: -2_500_000_000n,
  });
  expect((await tree.stat(path('/link')))?.mtimeNs).toBe(-2_500_000_000n);
  expect(await readlink(real('link'))).toBe('x');
});
