import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { FileSource } from '../filesystem/file-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { type SmallDisk, type SmallDiskOptions, smallDisk } from '../testing/small-disk.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import type { SftpTree } from './sftp-tree.ts';
import { openTree } from './testing.ts';

const MIB = 1024 * 1024;
const at = treePath;

let server: SshdMirror | undefined;
let disk: SmallDisk | undefined;
let closeTree: (() => void) | undefined;
let tree: SftpTree;
let root: string;

afterEach(async () => {
  closeTree?.();
  await server?.stop();
  disk?.remove();
  server = undefined;
  disk = undefined;
});

async function start(options: { disk?: SmallDiskOptions; sftpFlags?: string } = {}): Promise<void> {
  disk = options.disk && smallDisk(options.disk);
  server = await startSshdMirror({
    ...(disk && { root: disk.path }),
    ...(options.sftpFlags && { sftpFlags: options.sftpFlags }),
  });
  root = server.root;
  const opened = await openTree(server.config());
  tree = opened.tree;
  closeTree = opened.close;
  await opened.replica.reserved.make();
}

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

const apply = (operation: Operation, repeated = false) => outcome(tree.apply(operation, { repeated }));
const create = (path: string) => apply({ kind: 'create', path: at(path), mode: 0o644 });
const write = (path: string, sizeBytes: number, offset = 0) =>
  apply({ kind: 'write', path: at(path), offset, data: Buffer.alloc(sizeBytes, 1) });

function source(sizeBytes: number): FileSource {
  const stat = { type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes, mtimeNs: 0n, atimeNs: 0n } as const;
  return { stat, content: pieces(sizeBytes) };
}

async function* pieces(sizeBytes: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < sizeBytes; sent += MIB) {
    yield await Promise.resolve(Buffer.alloc(Math.min(MIB, sizeBytes - sent), 7));
  }
}

describe.each(['tmpfs', 'ext4'] as const)('a full disk (%s)', (kind) => {
  beforeEach(async () => {
    await start({ disk: { sizeBytes: 8 * MIB, kind } });
    expect(await create('/file')).toBe('done');
    expect(await write('/file', 4096)).toBe('done');
    writeFileSync(join(root, 'ballast'), Buffer.alloc(3 * MIB));
  });

  test('is NO_SPACE for a write, and the tree works again when there is room', async () => {
    expect(await write('/file', 8 * MIB)).toBe('NO_SPACE');
    expect(await apply({ kind: 'truncate', path: at('/file'), sizeBytes: 4096 })).toBe('done');
    expect(await write('/file', 4096, 4096)).toBe('done');
    expect(lstatSync(join(root, 'file')).size).toBe(8192);
  });

  test('is NO_SPACE for a replacement, which leaves the old file and nothing staged', async () => {
    expect(await outcome(tree.replaceFile(at('/file'), source(8 * MIB)))).toBe('NO_SPACE');
    expect(readFileSync(join(root, 'file')).length).toBe(4096);
    expect(readdirSync(join(root, '.proxyfs/staging'))).toEqual([]);
    expect(await outcome(tree.replaceFile(at('/file'), source(100_000)))).toBe('done');
  });
});

test.each(['tmpfs', 'ext4'] as const)(
  'a disk out of inodes (%s) is NO_SPACE for every new entry',
  async (kind) => {
    await start({ disk: { sizeBytes: 8 * MIB, inodes: 32, kind } });
    let made = 0;
    while ((await create(`/f${made}`)) === 'done') made++;
    expect(made).toBeGreaterThan(5);
    expect(await create('/more')).toBe('NO_SPACE');
    expect(await apply({ kind: 'mkdir', path: at('/more'), mode: 0o755 })).toBe('NO_SPACE');
    expect(await apply({ kind: 'symlink', path: at('/more'), target: 'x' })).toBe('NO_SPACE');
    expect(await outcome(tree.replaceFile(at('/f0'), source(10)))).toBe('NO_SPACE');
    expect(await apply({ kind: 'create', path: at('/f0'), mode: 0o644 })).toBe('MIRROR_DIVERGED');
    expect(await apply({ kind: 'create', path: at('/f0'), mode: 0o644 }, true)).toBe('done');
    expect(await apply({ kind: 'unlink', path: at('/f0') })).toBe('done');
    expect(await create('/more')).toBe('done');
  },
);

test.each(['tmpfs', 'ext4'] as const)(
  'a file system turned read-only (%s) is READ_ONLY for every change',
  async (kind) => {
    await start({ disk: { sizeBytes: 8 * MIB, kind } });
    await create('/file');
    await apply({ kind: 'mkdir', path: at('/directory'), mode: 0o755 });
    tree.release(at('/file'));
    await disk?.remountReadOnly();
    const path = at('/file');
    const changes: Operation[] = [
      { kind: 'create', path: at('/new'), mode: 0o644 },
      { kind: 'write', path, offset: 0, data: Buffer.from('x') },
      { kind: 'truncate', path, sizeBytes: 0 },
      { kind: 'mkdir', path: at('/new'), mode: 0o755 },
      { kind: 'unlink', path },
      { kind: 'rmdir', path: at('/directory') },
      { kind: 'rename', path, to: at('/new') },
      { kind: 'link', path, to: at('/new') },
      { kind: 'symlink', path: at('/new'), target: 'x' },
      { kind: 'chmod', path, mode: 0o600 },
      { kind: 'chown', path, uid: 1, gid: 1 },
      { kind: 'times', path, atimeNs: 0n, mtimeNs: 0n },
    ];
    for (const operation of changes)
      expect([operation.kind, await apply(operation)]).toEqual([operation.kind, 'READ_ONLY']);
    const kept = await outcome(tree.apply({ kind: 'unlink', path }, { preImage: 'kept' }));
    expect(kept).toBe('READ_ONLY');
    expect(await outcome(tree.replaceFile(path, source(1)))).toBe('READ_ONLY');
    expect(await outcome(tree.writeReserved('x.json', Buffer.from('x')))).toBe('READ_ONLY');
    expect(await tree.space()).toMatchObject({ readOnly: true });
    expect(await tree.stat(path)).toMatchObject({ type: 'file' });
  },
);

describe('a server that refuses one request', () => {
  const refused: [string, Operation][] = [
    ['remove', { kind: 'unlink', path: at('/file') }],
    ['mkdir', { kind: 'mkdir', path: at('/new'), mode: 0o755 }],
    ['rmdir', { kind: 'rmdir', path: at('/directory') }],
    ['symlink', { kind: 'symlink', path: at('/new'), target: 'x' }],
    ['write', { kind: 'write', path: at('/file'), offset: 0, data: Buffer.from('x') }],
    ['fsetstat', { kind: 'truncate', path: at('/file'), sizeBytes: 0 }],
  ];

  test.each(refused)('says ACCESS_DENIED for %s, and changes nothing', async (request, operation) => {
    await start({ sftpFlags: `-P ${request}` });
    writeFileSync(join(root, 'file'), 'content');
    mkdirSync(join(root, 'directory'));
    expect(await apply(operation)).toBe('ACCESS_DENIED');
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('content');
    expect(existsSync(join(root, 'directory'))).toBe(true);
    expect(existsSync(join(root, 'new'))).toBe(false);
  });

  test.each(['lsetstat', 'fsync', 'statvfs', 'hardlink', 'limits'])(
    'works without the extension %s',
    async (name) => {
      await start({ sftpFlags: `-P ${name}` });
      expect(await apply({ kind: 'create', path: at('/file'), mode: 0o4751 })).toBe('done');
      expect(await write('/file', 300_000)).toBe('done');
      expect(await apply({ kind: 'mkdir', path: at('/directory'), mode: 0o2777 })).toBe('done');
      expect(await apply({ kind: 'times', path: at('/file'), atimeNs: 0n, mtimeNs: 5_000_000_000n })).toBe(
        'done',
      );
      expect(lstatSync(join(root, 'file')).mtimeMs).toBe(5000);
      expect(lstatSync(join(root, 'directory')).mode & 0o7777).toBe(0o2777);
      expect(await outcome(tree.writeReserved('x.json', Buffer.from('x')))).toBe('done');
      await create('/from');
      const rename = { kind: 'rename', path: at('/from'), to: at('/file') } as const;
      expect(await outcome(tree.apply(rename, { preImage: 'kept' }))).toBe('done');
      expect(await tree.restorePreImage('kept', at('/file'))).toBe(name !== 'hardlink');
      expect((await tree.space()).freeBytes).toBeGreaterThan(0);
      const linked = await apply({ kind: 'link', path: at('/file'), to: at('/second') });
      expect(linked).toBe(name === 'hardlink' ? 'NOT_SUPPORTED' : 'done');
    },
  );
});

test('a refused rename leaves no pre-image behind, and no name missing', async () => {
  await start();
  await create('/from');
  mkdirSync(join(root, 'to'));
  writeFileSync(join(root, 'to/inside'), '');
  expect(
    await outcome(tree.apply({ kind: 'rename', path: at('/from'), to: at('/to') }, { preImage: 'p' })),
  ).toBe('IS_A_DIRECTORY');
  expect(readdirSync(join(root, '.proxyfs/undo'))).toEqual([]);
  expect(readdirSync(root).sort()).toEqual(['.proxyfs', 'from', 'to']);
});

test('the undo and staging directories are made again when somebody removed them', async () => {
  await start();
  await create('/file');
  const remove = () => execFileSync('rm', ['-r', join(root, '.proxyfs')]);
  remove();
  expect(await outcome(tree.apply({ kind: 'unlink', path: at('/file') }, { preImage: 'p' }))).toBe('done');
  expect(readdirSync(join(root, '.proxyfs/undo'))).toEqual(['p']);
  remove();
  expect(await outcome(tree.replaceFile(at('/file'), source(10)))).toBe('done');
  remove();
  expect(await outcome(tree.replaceWithLink(at('/second'), at('/file')))).toBe('done');
  remove();
  await tree.dropLeftovers();
});

test('owners are kept as configured, and with auto where the login may', async () => {
  await start();
  const owner = { uid: 1234, gid: 1234 };
  const make = async (mode: 'auto' | 'preserve' | 'ignore') => {
    const opened = await openTree({ ...(server?.config() ?? never()), owner: mode });
    await opened.tree.apply({ kind: 'create', path: at(`/${mode}`), mode: 0o644, owner });
    await opened.tree.apply({ kind: 'mkdir', path: at(`/${mode}-directory`), mode: 0o755 });
    await opened.tree.apply({ kind: 'chown', path: at(`/${mode}-directory`), ...owner });
    opened.close();
    return [mode, `${mode}-directory`].map((name) => lstatSync(join(root, name)).uid);
  };
  expect(await make('auto')).toEqual([1234, 1234]);
  expect(await make('preserve')).toEqual([1234, 1234]);
  expect(await make('ignore')).toEqual([0, 0]);
  expect(readdirSync(join(root, '.proxyfs/staging'))).toEqual([]);
});

test('hundreds of large writes at once stay within the memory of their pieces', async () => {
  await start();
  const data = Buffer.alloc(4 * MIB, 3);
  const names = Array.from({ length: 60 }, (_, index) => `/big${index}`);
  await Promise.all(names.map(create));
  const before = process.memoryUsage().rss;
  let mostBytes = 0;
  const watch = setInterval(() => {
    mostBytes = Math.max(mostBytes, process.memoryUsage().rss - before);
  }, 10);
  const writes = names.map((name) => apply({ kind: 'write', path: at(name), offset: 0, data }));
  expect(new Set(await Promise.all(writes))).toEqual(new Set(['done']));
  clearInterval(watch);
  for (const name of names) expect(lstatSync(root + name).size).toBe(data.length);
  expect(mostBytes).toBeLessThan(128 * MIB);
});

function never(): never {
  throw new Error('no server');
}

test('a protected file is written by its owner through a new handle, and stays protected', async () => {
  await start();
  writeFileSync(join(root, 'file'), 'old');
  chmodSync(join(root, 'file'), 0o444);
  expect(await write('/file', 3)).toBe('done');
  expect(lstatSync(join(root, 'file')).mode & 0o7777).toBe(0o444);
});
