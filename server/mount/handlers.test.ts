import { constants } from 'node:fs';
import { chmod, link, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../base/cancellation.ts';
import { AppError, asAppError } from '../base/errors.ts';
import { jsonLogger } from '../base/logger.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import type { Caller, Handle } from '../fuse/driver.ts';
import { LocalTransactions } from '../testing/local-transactions.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { MountHandlers } from './handlers.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const S_IFREG = 0o100_000;
const S_IFIFO = 0o010_000;
const A = treePath('/a');
const B = treePath('/b');
const isRoot = process.geteuid?.() === 0;

function callerOf(uid?: number, cancellation = new Cancellation()): Caller {
  return { uid, gid: uid, pid: undefined, cancellation };
}
const caller = callerOf();
const errorOf = (code: string) => expect.objectContaining({ code });

let directory: TempDirectory;
let tree: LocalTree;
let transactions: LocalTransactions;
let handlers: MountHandlers;
let logged: string[];

beforeEach(async () => {
  directory = await tempDirectory('handlers');
  tree = new LocalTree(directory.path, join(directory.path, '.proxyfs'));
  await tree.start();
  transactions = new LocalTransactions(tree);
  logged = [];
  handlers = new MountHandlers({
    local: tree,
    transactions,
    logger: jsonLogger('info', (line) => logged.push(line)),
  });
});

afterEach(async () => {
  await handlers.close();
  await tree.stop();
  await directory.remove();
});

const at = (name: string) => join(directory.path, name);
const text = (name: string) => readFile(at(name), 'utf8');
const kinds = () => transactions.operations.map((operation) => operation.kind);

async function contentOf(handle: Handle): Promise<string> {
  const target = Buffer.alloc(1000);
  return target.toString('utf8', 0, await handlers.read(handle, 0, target));
}

async function opened(name: string, flags = O_RDWR): Promise<Handle> {
  return handlers.open(treePath(name), flags, caller);
}

async function write(handle: Handle, offset: number, data: string, by = caller): Promise<void> {
  await handlers.write(handle, offset, Buffer.from(data), by);
}

/** Lets something happen once, between the moment an operation of this kind is planned and its lock. */
function comesBetween(kind: Operation['kind'], event: () => Promise<void>): void {
  transactions.beforeLock = async (operation) => {
    if (operation.kind !== kind) return;
    transactions.beforeLock = undefined;
    await event();
  };
}

describe('creating and opening', () => {
  it('makes a file, writes it as a transaction and reads it from the local directory', async () => {
    const { handle, attributes } = await handlers.create(A, O_RDWR | O_CREAT, 0o640, caller);
    await write(handle, 0, 'hello');
    expect(await contentOf(handle)).toBe('hello');
    expect(attributes.mode).toBe(S_IFREG | 0o640);
    expect(kinds()).toEqual(['create', 'write']);
  });

  it('refuses O_EXCL where a file is, and opens it without', async () => {
    await writeFile(at('a'), 'there');
    await expect(handlers.create(A, O_RDWR | O_CREAT | O_EXCL, 0o644, caller)).rejects.toEqual(
      errorOf('ALREADY_EXISTS'),
    );
    const { handle } = await handlers.create(A, O_RDWR | O_CREAT, 0o644, caller);
    expect(await contentOf(handle)).toBe('there');
    expect(kinds()).toEqual([]);
  });

  it('empties an existing file for O_TRUNC, and closes it again when that is refused', async () => {
    await writeFile(at('a'), 'there');
    transactions.refuse = () => new AppError('MIRROR_TIMEOUT');
    await expect(opened('/a', O_WRONLY | O_TRUNC)).rejects.toEqual(errorOf('MIRROR_TIMEOUT'));
    expect(await text('a')).toBe('there');
    transactions.refuse = undefined;
    await opened('/a', O_WRONLY | O_TRUNC);
    expect(await text('a')).toBe('');
  });

  it('does not follow a symlink that stands where a file was asked for', async () => {
    await writeFile(at('a'), 'secret');
    await symlink('a', at('b'));
    await expect(opened('/b', O_RDONLY)).rejects.toEqual(errorOf('TOO_MANY_SYMLINKS'));
  });

  it('refuses pipes and other special files, and makes regular ones by mknod', async () => {
    await expect(handlers.mknod(A, S_IFIFO | 0o644, caller)).rejects.toEqual(errorOf('NOT_SUPPORTED'));
    expect((await handlers.mknod(A, S_IFREG | 0o600, caller)).mode).toBe(S_IFREG | 0o600);
  });

  it('refuses a handle that was never given or was released', async () => {
    await writeFile(at('a'), '');
    const handle = await opened('/a');
    await handlers.release(handle);
    await handlers.release(handle);
    await expect(handlers.read(handle, 0, Buffer.alloc(1))).rejects.toEqual(errorOf('BAD_HANDLE'));
  });

  it.runIf(isRoot)(
    'gives what is made to its caller, and to the group of a set-group-id directory',
    async () => {
      await mkdir(at('d'));
      await chmod(at('d'), 0o2777);
      await handlers.create(A, O_CREAT, 0o644, callerOf(1234));
      await handlers.create(treePath('/d/f'), O_CREAT, 0o644, callerOf(1234));
      const made = await handlers.mkdir(treePath('/d/e'), 0o755, callerOf(1234));
      expect(await stat(at('a'))).toMatchObject({ uid: 1234, gid: 1234 });
      expect(await stat(at('d/f'))).toMatchObject({ uid: 1234, gid: 0 });
      expect(made).toMatchObject({ uid: 1234, gid: 0 });
      expect(made.mode & 0o7777).toBe(0o2755);
    },
  );

  it('refuses a symlink target whose bytes were lost', async () => {
    await expect(handlers.symlink(A, 'x\ufffd', caller)).rejects.toEqual(errorOf('NAME_NOT_UTF8'));
  });
});

describe('an open file whose names change', () => {
  it('is written under its new name after it, or a directory above it, was renamed', async () => {
    await mkdir(at('d'));
    await writeFile(at('d/f'), '');
    const handle = await opened('/d/f');
    await handlers.rename(treePath('/d/f'), treePath('/d/g'), 0, caller);
    await handlers.rename(treePath('/d'), treePath('/e'), 0, caller);
    await write(handle, 0, 'moved');
    expect(await text('e/g')).toBe('moved');
    expect(transactions.operations.at(-1)).toMatchObject({ kind: 'write', path: '/e/g' });
  });

  it('is written, and not the file that got its name, when the rename comes before the lock', async () => {
    await writeFile(at('a'), 'first');
    await writeFile(at('other'), 'other');
    const handle = await opened('/a');
    comesBetween('write', async () => {
      await handlers.rename(A, B, 0, caller);
      await handlers.rename(treePath('/other'), A, 0, caller);
    });
    await write(handle, 0, 'FIRST');
    expect(await text('b')).toBe('FIRST');
    expect(await text('a')).toBe('other');
  });

  it('keeps its name when the rename is refused', async () => {
    await writeFile(at('a'), '');
    const handle = await opened('/a');
    transactions.refuse = (operation) =>
      operation.kind === 'rename' ? new AppError('MIRROR_UNREACHABLE') : undefined;
    await expect(handlers.rename(A, B, 0, caller)).rejects.toEqual(errorOf('MIRROR_UNREACHABLE'));
    await write(handle, 0, 'x');
    expect(await text('a')).toBe('x');
  });

  it('lives on locally alone after its last name was unlinked', async () => {
    await writeFile(at('a'), 'content');
    const handle = await opened('/a');
    await handlers.unlink(A, caller);
    await write(handle, 0, 'CON');
    await handlers.setattr(A, handle, { sizeBytes: 4, mode: 0o600, mtime: 5_000_000_000n }, caller);
    const attributes = await handlers.getattr(A, handle);
    expect(await contentOf(handle)).toBe('CONt');
    expect(attributes).toMatchObject({ links: 0, sizeBytes: 4, mtimeNs: 5_000_000_000n });
    await handlers.release(handle);
    expect(kinds()).toEqual(['unlink']);
    expect(transactions.settled).toEqual([]);
  });

  it('never changes a new file of the same name after it was unlinked', async () => {
    await writeFile(at('a'), 'old');
    const handle = await opened('/a');
    comesBetween('write', async () => {
      await handlers.unlink(A, caller);
      await handlers.release((await handlers.create(A, O_CREAT | O_WRONLY, 0o644, caller)).handle);
    });
    await write(handle, 0, 'xxx');
    expect(await text('a')).toBe('');
    expect(await contentOf(handle)).toBe('xxx');
  });

  it('goes on as an orphan when another file is renamed onto it', async () => {
    await writeFile(at('a'), 'old');
    await writeFile(at('b'), 'new');
    const handle = await opened('/a');
    await handlers.rename(B, A, 0, caller);
    await write(handle, 0, 'OLD');
    expect(await contentOf(handle)).toBe('OLD');
    expect(await text('a')).toBe('new');
    expect(kinds()).toEqual(['rename']);
  });

  it('is written under another of its names when the one it was opened by is unlinked', async () => {
    await mkdir(at('d'));
    await writeFile(at('a'), 'old');
    await link(at('a'), at('d/other'));
    const handle = await opened('/a');
    await handlers.unlink(A, caller);
    await write(handle, 0, 'new');
    expect(await text('d/other')).toBe('new');
    expect(transactions.operations.at(-1)).toMatchObject({ kind: 'write', path: '/d/other' });
  });
});

describe('renaming', () => {
  beforeEach(async () => {
    await writeFile(at('a'), 'a');
  });

  it('replaces nothing with RENAME_NOREPLACE, also when the target appears just before the lock', async () => {
    comesBetween('rename', () => writeFile(at('b'), 'b'));
    await expect(handlers.rename(A, B, 1, caller)).rejects.toEqual(errorOf('ALREADY_EXISTS'));
    expect(await text('b')).toBe('b');
  });

  it('refuses flags that it does not know', async () => {
    await expect(handlers.rename(A, B, 2, caller)).rejects.toEqual(errorOf('INVALID_ARGUMENT'));
  });

  it('does nothing between two names of one file', async () => {
    await link(at('a'), at('b'));
    await handlers.rename(A, B, 0, caller);
    expect((await stat(at('a'))).nlink).toBe(2);
    expect(kinds()).toEqual([]);
  });
});

describe('appending', () => {
  it('puts the appends of several handles one after the other, whatever offset the kernel thought of', async () => {
    await writeFile(at('a'), '0\n');
    const handles = await Promise.all([1, 2, 3].map(() => opened('/a', O_WRONLY | O_APPEND)));
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`);
    await Promise.all(lines.map((line, index) => write(handles[index % 3] ?? 0, 2, line)));
    const written = (await text('a')).split('\n').slice(1, -1);
    expect(written.toSorted()).toEqual(lines.map((line) => line.trimEnd()).toSorted());
  });

  it('goes to the new end when another write moved it just before the lock', async () => {
    await writeFile(at('a'), '');
    const appending = await opened('/a', O_WRONLY | O_APPEND);
    const other = await opened('/a');
    comesBetween('write', () => write(other, 0, 'other'));
    await write(appending, 0, '+');
    expect(await text('a')).toBe('other+');
  });
});

describe('attributes', () => {
  const MODE = 0o7777;
  const modeOf = async (name: string) => (await stat(at(name))).mode & MODE;

  beforeEach(async () => {
    await writeFile(at('a'), 'content');
  });

  it('keeps the time that is not to be set', async () => {
    const before = await lstat(at('a'), { bigint: true });
    const after = await handlers.setattr(A, undefined, { atime: 1_000_000_000n }, caller);
    expect(after.atimeNs).toBe(1_000_000_000n);
    expect(after.mtimeNs).toBe(before.mtimeNs);
  });

  it('takes one time for both where both are to be now', async () => {
    const after = await handlers.setattr(A, undefined, { atime: 'now', mtime: 'now' }, caller);
    expect(after.atimeNs).toBe(after.mtimeNs);
    expect(Math.abs(Number(after.mtimeNs / 1_000_000n) - Date.now())).toBeLessThan(5000);
  });

  it('sets the mtime after a new size, which would move it', async () => {
    const after = await handlers.setattr(
      A,
      undefined,
      { mtime: 7_000_000_000n, atime: 0n, sizeBytes: 3 },
      caller,
    );
    expect(after).toMatchObject({ sizeBytes: 3, mtimeNs: 7_000_000_000n });
  });

  it.runIf(isRoot)(
    'takes set-user-id and set-group-id away by chown, and says so to the mirrors',
    async () => {
      await chmod(at('a'), 0o6755);
      await handlers.setattr(A, undefined, { uid: 1234 }, caller);
      expect(await modeOf('a')).toBe(0o755);
      expect(transactions.operations).toMatchObject([
        { kind: 'chown', uid: 1234, gid: 0 },
        { kind: 'chmod', mode: 0o755 },
      ]);
    },
  );

  it('takes them away before a write of an unprivileged caller, and leaves them to root', async () => {
    await chmod(at('a'), 0o6755);
    const handle = await opened('/a');
    await write(handle, 0, 'x', callerOf(0));
    expect(kinds()).toEqual(['write']);
    await write(handle, 0, 'y', callerOf(1234));
    expect(kinds()).toEqual(['write', 'chmod', 'write']);
    expect(transactions.operations[1]).toMatchObject({ kind: 'chmod', mode: 0o755 });
  });

  it('changes the owner it was asked for when another chown came before the lock', async () => {
    comesBetween('chown', () =>
      tree.apply({ kind: 'chown', path: A, uid: process.getuid?.() ?? 0, gid: gid() }),
    );
    await handlers.setattr(A, undefined, { uid: process.getuid?.() ?? 0 }, caller);
    expect((await stat(at('a'))).gid).toBe(gid());
  });

  // Any group will do for root; nobody else may hand a file to a group that is not theirs.
  const gid = () => (isRoot ? 4321 : (process.getgid?.() ?? 0));
});

describe('settling the mtime', () => {
  beforeEach(async () => {
    await writeFile(at('a'), 'content');
  });

  it('comes with the release of what was written to, under its name of then, and with no other', async () => {
    await handlers.release(await opened('/a'));
    const handle = await opened('/a');
    await write(handle, 0, 'x');
    await handlers.rename(A, B, 0, caller);
    await handlers.release(handle);
    await vi.waitFor(() => expect(transactions.settled).toEqual(['/b']));
  });

  it('never holds up the release', async () => {
    const handle = await opened('/a');
    await write(handle, 0, 'x');
    transactions.beforeSettling = () => new Promise(() => {});
    await handlers.release(handle);
    await vi.waitFor(() => expect(transactions.settled).toEqual(['/a']));
  });

  it('comes with fsync', async () => {
    const handle = await opened('/a');
    await write(handle, 0, 'x');
    await handlers.fsync(handle, true, caller);
    expect(transactions.settled).toEqual(['/a']);
    expect(transactions.operations.at(-1)).toEqual({ kind: 'fsync', path: '/a', dataOnly: true });
  });

  it('comes at once with a truncate by name, or with the release of whoever has the file open', async () => {
    await handlers.setattr(A, undefined, { sizeBytes: 1 }, caller);
    expect(transactions.settled).toEqual(['/a']);
    const handle = await opened('/a', O_WRONLY);
    await handlers.setattr(A, undefined, { sizeBytes: 0 }, caller);
    expect(transactions.settled).toEqual(['/a']);
    await handlers.release(handle);
    await vi.waitFor(() => expect(transactions.settled).toEqual(['/a', '/a']));
  });
});

describe('reading', () => {
  it('is short only at the end of the file', async () => {
    await writeFile(at('a'), 'content');
    const handle = await opened('/a', O_RDONLY);
    expect(await handlers.read(handle, 3, Buffer.alloc(100))).toBe(4);
    expect(await handlers.read(handle, 100, Buffer.alloc(100))).toBe(0);
  });

  it('goes on while a change of the same file hangs', async () => {
    await writeFile(at('a'), 'content');
    const handle = await opened('/a');
    const cancellation = new Cancellation();
    transactions.beforeLock = () =>
      new Promise((_, reject) => {
        cancellation.onCancel(() => reject(asAppError(cancellation.reason)));
      });
    const hanging = expect(write(handle, 0, 'x', callerOf(0, cancellation))).rejects.toEqual(
      errorOf('INTERRUPTED'),
    );
    expect(await contentOf(handle)).toBe('content');
    expect(await handlers.getattr(A, undefined)).toMatchObject({ sizeBytes: 7 });
    cancellation.cancel(new AppError('INTERRUPTED'));
    await hanging;
  });

  it('tells the space of the local file system', async () => {
    const { blocks, blockSizeBytes, nameMaxBytes } = await handlers.statfs();
    expect(blocks * blockSizeBytes).toBeGreaterThan(0);
    expect(nameMaxBytes).toBe(255);
  });
});

describe('listing', () => {
  async function listed(handle: Handle): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const page = await handlers.readdir(handle);
      if (page.length === 0) return names;
      names.push(...page.map((entry) => entry.name));
    }
  }

  it('comes in pages, whole, with inode and type, and again after a rewind', async () => {
    const wanted = Array.from({ length: 300 }, (_, index) => `f${index}`);
    await Promise.all(wanted.map((name) => writeFile(at(name), '')));
    const handle = await handlers.opendir(ROOT);
    const first = await handlers.readdir(handle);
    expect(first.length).toBeLessThan(300);
    const { ino } = await stat(at(first[0]?.name ?? ''), { bigint: true });
    expect(first[0]).toMatchObject({ inode: ino, type: S_IFREG });
    await handlers.rewinddir(handle);
    expect((await listed(handle)).toSorted()).toEqual(wanted.toSorted());
    await handlers.releasedir(handle);
  });

  it('hides the directory that belongs to Proxyfs at the root, and only there', async () => {
    await mkdir(at('d/.proxyfs'), { recursive: true });
    expect(await listed(await handlers.opendir(ROOT))).toEqual(['d']);
    expect(await listed(await handlers.opendir(treePath('/d')))).toEqual(['.proxyfs']);
  });

  it('leaves out names that are not UTF-8, with one warning for the directory', async () => {
    await writeFile(Buffer.concat([Buffer.from(at('x')), Buffer.from([0xff])]), '');
    await writeFile(Buffer.concat([Buffer.from(at('y')), Buffer.from([0xfe])]), '');
    await writeFile(at('ok'), '');
    expect(await listed(await handlers.opendir(ROOT))).toEqual(['ok']);
    expect(await listed(await handlers.opendir(ROOT))).toEqual(['ok']);
    expect(logged.filter((line) => line.includes('name-not-utf8'))).toHaveLength(1);
  });

  it('goes on in a directory that was renamed meanwhile', async () => {
    await mkdir(at('a'));
    await writeFile(at('a/f'), '');
    const handle = await handlers.opendir(A);
    await handlers.rename(A, B, 0, caller);
    expect(await listed(handle)).toEqual(['f']);
    await handlers.fsyncdir(handle);
  });
});
