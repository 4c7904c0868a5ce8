import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { asAppError } from '../base/errors.ts';
import type { DirectorySource, FileSource } from '../filesystem/file-tree.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { type SmallDisk, smallDisk } from '../testing/small-disk.ts';
import { type SshdMirror, type SshdOptions, startSshdMirror } from '../testing/sshd-mirror.ts';
import { OPEN } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import type { SftpTree } from './sftp-tree.ts';
import { openTree } from './testing.ts';

const FILES = 600;
const OWNER = { uid: 1234, gid: 4321 };
const MIB = 1024 * 1024;

let server: SshdMirror;
let tree: SftpTree;
let session: SftpSession;
let close: () => void;
let disk: SmallDisk | undefined;

afterEach(async () => {
  close();
  await server.stop();
  disk?.remove();
  disk = undefined;
});

async function start(options: SshdOptions = {}): Promise<void> {
  server = await startSshdMirror(options);
  ({ tree, session, close } = await openTree(server.config({ owner: 'preserve' }), 2000));
}

/** How many files were sent by themselves. */
function countSent(): () => number {
  const opened = vi.spyOn(session, 'open');
  return () => opened.mock.calls.filter(([, flags]) => (flags & OPEN.CREAT) !== 0).length;
}

function sourceOf(k: number, sizeBytes = (k * 37) % 9000): FileSource {
  const mtimeNs = BigInt(1_600_000_000 + k) * 1_000_000_000n;
  const mode = k % 2 ? 0o640 : 0o755;
  const stat = { type: 'file', mode, ...OWNER, sizeBytes, mtimeNs, atimeNs: 0n } as const;
  return { stat, content: [Buffer.alloc(sizeBytes, `content of ${k} `)], isOneOfMany: true };
}

const replaced = (count: number, sizeBytes?: number) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, k) => tree.replaceFile(treePath(`/f${k}`), sourceOf(k, sizeBytes))),
  );

const codesOf = (outcomes: readonly PromiseSettledResult<void>[]) =>
  new Set(outcomes.map((each) => (each.status === 'fulfilled' ? 'done' : asAppError(each.reason).code)));

const staged = () => readdirSync(join(server.root, '.proxyfs/staging'));

/** That each is there as it was to be, and nothing else. */
function expectAll(count: number): void {
  for (let k = 0; k < count; k += 1) {
    const { stat, content } = sourceOf(k);
    const at = join(server.root, `f${k}`);
    const found = lstatSync(at);
    expect([k, found.mode & 0o7777, found.mtimeMs, found.uid, found.gid]).toEqual([
      k,
      stat.mode,
      Number(stat.mtimeNs / 1_000_000n),
      OWNER.uid,
      OWNER.gid,
    ]);
    expect([k, readFileSync(at).equals((content as [Buffer])[0])]).toEqual([k, true]);
  }
  expect(staged()).toEqual([]);
}

it('puts many small files in place as they are, by the tar of the server', async () => {
  await start();
  const sent = countSent();
  expect(codesOf(await replaced(FILES))).toEqual(new Set(['done']));
  expectAll(FILES);
  // What is left over for a last batch may be few.
  expect(sent()).toBeLessThan(8);
});

it('knows the answers of tar from what the login is greeted with', async () => {
  await start({ bashrc: 'echo welcome; echo done; printf "> "\n' });
  const sent = countSent();
  expect(codesOf(await replaced(FILES))).toEqual(new Set(['done']));
  expectAll(FILES);
  expect(sent()).toBeLessThan(8);
});

it('has several programs at work, which may be started beforehand', async () => {
  await start();
  const started = vi.spyOn(session, 'start');
  tree.expectFilling();
  tree.expectFilling();
  expect(started).toHaveBeenCalledTimes(4);
  expect(codesOf(await replaced(FILES, 4096))).toEqual(new Set(['done']));
  expect(readdirSync(server.root).length).toBe(FILES + 1);
  expect(started).toHaveBeenCalledTimes(4);
});

it('goes on sending while it looks at what the first batch made', async () => {
  await start();
  const [look, take] = [session.lstat.bind(session), vi.spyOn(session.bytes, 'take')];
  vi.spyOn(session, 'lstat').mockImplementation(async (path) => {
    await vi.waitUntil(() => take.mock.calls.length > 12);
    return look(path);
  });
  expect(codesOf(await replaced(1500, 16_384))).toEqual(new Set(['done']));
  expect(staged()).toEqual([]);
});

it('makes do with one program where the server allows no more channels', async () => {
  // One is that of SFTP.
  await start({ maxSessions: 2 });
  const [sent, started] = [countSent(), vi.spyOn(session, 'start')];
  expect(codesOf(await replaced(FILES))).toEqual(new Set(['done']));
  expectAll(FILES);
  expect(sent()).toBeLessThan(8);
  const channels = await Promise.all(started.mock.results.map(({ value }) => value as Promise<unknown>));
  expect(channels.length).toBeGreaterThan(1);
  expect(channels.filter((channel) => channel !== undefined).length).toBe(1);
});

function directoryOf(k: number): DirectorySource {
  const files = Array.from({ length: 10 }, (_, at) => {
    const { stat, content } = sourceOf(100 * k + at);
    return { name: `f${at} é`, stat, content: (content as [Buffer])[0] };
  });
  return { stat: { ...sourceOf(k).stat, type: 'directory', mode: 0o750 }, files };
}

const filled = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, k) => {
      // Over an empty one, and where nothing is.
      if (k % 2 === 1) mkdirSync(join(server.root, `d${k}`));
      return tree.fillDirectory(treePath(`/d${k}`), directoryOf(k));
    }),
  );

it('puts whole directories in place in one step each', async () => {
  await start();
  const [sent, renamed] = [countSent(), vi.spyOn(session, 'rename')];
  for (const found of await filled(50))
    expect(found).toMatchObject({ type: 'directory', mode: 0o750, ...OWNER });
  expect([sent(), renamed.mock.calls.length]).toEqual([0, 50]);
  expect(staged()).toEqual([]);
  for (let k = 0; k < 50; k += 1) {
    const at = join(server.root, `d${k}`);
    expect(lstatSync(at)).toMatchObject({ mode: 0o040750, ...OWNER });
    for (const { name, stat, content } of directoryOf(k).files) {
      const found = lstatSync(join(at, name));
      expect(found).toMatchObject({
        mode: 0o100000 + stat.mode,
        mtimeMs: Number(stat.mtimeNs / 1_000_000n),
        ...OWNER,
      });
      expect(readFileSync(join(at, name)).equals(content)).toBe(true);
    }
  }
});

it('leaves a directory alone that is not empty, or that nobody could empty once it is staged', async () => {
  await start();
  mkdirSync(join(server.root, 'full/mine'), { recursive: true });
  expect(await tree.fillDirectory(treePath('/full'), directoryOf(1))).toBeUndefined();
  expect(readdirSync(join(server.root, 'full'))).toEqual(['mine']);
  mkdirSync(join(server.root, 'locked'));
  const { stat, files } = directoryOf(2);
  const locked = { stat: { ...stat, mode: 0o555 }, files };
  expect(await tree.fillDirectory(treePath('/locked'), locked)).toBeUndefined();
  expect([staged(), readdirSync(join(server.root, 'locked'))]).toEqual([[], []]);
});

it('takes away directories that a session has left staged, and no others', async () => {
  await start();
  const left = join(server.root, '.proxyfs/staging', `${'0a'.repeat(12)}-7`);
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, 'file'), 'content');
  mkdirSync(join(server.root, '.proxyfs/staging/mine'));
  await tree.dropLeftovers();
  expect(staged()).toEqual(['mine']);
});

it('sends large ones, those with special bits and a few by themselves', async () => {
  await start();
  const sent = countSent();
  expect(codesOf(await replaced(3))).toEqual(new Set(['done']));
  expectAll(3);
  expect(sent()).toBe(3);
  const setuid = { ...sourceOf(0).stat, mode: 0o4755 };
  await Promise.all(
    Array.from({ length: 20 }, (_, k) =>
      tree.replaceFile(treePath(`/s${k}`), { ...sourceOf(k), stat: setuid }),
    ),
  );
  expect(lstatSync(join(server.root, 's7')).mode & 0o7777).toBe(0o4755);
  expect(sent()).toBe(23);
});

it.each([
  ['may run nothing but SFTP', { sftpOnly: true }],
  ['has no tar', { files: { '/usr/bin/tar': '' } }],
  ['has a tar that says yes and does nothing', { files: { '/usr/bin/tar': '#!/bin/sh\ncat >/dev/null\n' } }],
  ['has a tar that never ends', { files: { '/usr/bin/tar': '#!/bin/sh\nexec sleep 1000\n' } }],
])('sends each by itself where the login %s', async (_, options: SshdOptions) => {
  await start(options);
  const sent = countSent();
  expect(codesOf(await replaced(FILES))).toEqual(new Set(['done']));
  expectAll(FILES);
  expect(sent()).toBe(FILES);
  expect(new Set(await filled(20))).toEqual(new Set([undefined]));
  expect([staged(), readdirSync(join(server.root, 'd7'))]).toEqual([[], []]);
});

it('leaves nothing behind when the disk is full, and says so', async () => {
  disk = smallDisk({ sizeBytes: 4 * MIB, kind: 'tmpfs' });
  await start({ root: disk.path });
  const codes = codesOf(await replaced(FILES, 16_384));
  expect([...codes].sort()).toEqual(['NO_SPACE', 'done']);
  expect(staged()).toEqual([]);
});

it('sends files by themselves only once all that its programs had unpacked is gone', async () => {
  await start();
  const open = session.open.bind(session);
  const look = session.lstat.bind(session);
  const remove = session.remove.bind(session);
  let leftAtFirst: string[] | undefined;
  vi.spyOn(session, 'open').mockImplementation((path, flags, mode) => {
    if (flags & OPEN.CREAT) leftAtFirst ??= staged();
    return open(path, flags, mode);
  });
  // The proof of the first batch fails when others are there as well, and what takes them away takes its time.
  const take = vi.spyOn(session.bytes, 'take');
  vi.spyOn(session, 'lstat').mockImplementation(async (path) => {
    await vi.waitUntil(() => take.mock.calls.length > 4);
    return { ...(await look(path)), mode: 0o100_777 };
  });
  vi.spyOn(session, 'remove').mockImplementation(async (path) => {
    await look(server.root);
    return remove(path);
  });
  await replaced(FILES, 16_384);
  expect(leftAtFirst).toEqual([]);
});

it('answers within its limits when the server freezes, and leaves nothing once it is back', async () => {
  await start();
  expect(codesOf(await replaced(FILES))).toEqual(new Set(['done']));
  await server.freeze();
  const codes = codesOf(await replaced(FILES));
  expect([...codes].filter((code) => !code.startsWith('MIRROR_'))).toEqual([]);
  await server.thaw();
  const again = await openTree(server.config({ owner: 'preserve' }));
  await again.tree.dropLeftovers();
  again.close();
  expectAll(FILES);
});
