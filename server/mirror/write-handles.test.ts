import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { OPEN } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { openTree } from './testing.ts';
import { WriteHandles } from './write-handles.ts';

let server: ScriptedSftp;
let session: SftpSession;
let closeTree: () => void;
beforeEach(async () => {
  server = new ScriptedSftp();
  await server.start();
  const opened = await openTree(server.mirrorConfiguration('scripted', { owner: 'ignore' }));
  ({ session, close: closeTree } = opened);
  server.clear();
});
afterEach(async () => {
  closeTree();
  await server.stop();
});

function handlesFor(maxOpenHandles: number, idleMs?: number): WriteHandles {
  const { ended } = session;
  return new WriteHandles({ maxOpenHandles, ended, close: (handle) => session.close(handle) }, idleMs);
}

/** Writes its own name into the file, and remembers how many were open at the server. */
async function touch(handles: WriteHandles, name: string, mostOpen?: { count: number }): Promise<void> {
  const open = () => session.open(join(server.root, name), OPEN.WRITE | OPEN.CREAT, 0o644);
  await handles.use(treePath(`/${name}`), open, async (handle) => {
    if (mostOpen) mostOpen.count = Math.max(mostOpen.count, openAtServer());
    await session.write(handle, Buffer.from(name), 0);
  });
}

const openAtServer = () => server.count('open') - server.count('close');
const names = (count: number) => Array.from({ length: count }, (_, index) => `file${index}`);

test('a handle is opened once and used again', async () => {
  const handles = handlesFor(100);
  await Promise.all([touch(handles, 'a'), touch(handles, 'a')]);
  await touch(handles, 'a');
  expect([server.count('open'), server.count('close')]).toEqual([1, 0]);
});

test('no more are open than half of what the server allows, however many files are written at once', async () => {
  const handles = handlesFor(8);
  const mostOpen = { count: 0 };
  await Promise.all(names(60).map((name) => touch(handles, name, mostOpen)));
  expect(mostOpen.count).toBeLessThanOrEqual(4);
  for (const name of names(60)) expect(await readFile(join(server.root, name), 'utf8')).toBe(name);
});

test('the least recently used is closed first', async () => {
  const handles = handlesFor(6);
  for (const name of ['a', 'b', 'c', 'a', 'd']) await touch(handles, name);
  expect(server.requests.filter(({ kind }) => kind === 'close').map(({ path }) => path)).toEqual(['/b']);
  await touch(handles, 'a');
  expect(server.count('open')).toBe(4);
});

test('what is forgotten is closed, below a directory too, and nothing else', async () => {
  const handles = handlesFor(100);
  await session.mkdir(join(server.root, 'd'), 0o755);
  for (const name of ['d/one', 'd/two', 'dd']) await touch(handles, name);
  handles.forget(treePath('/d'));
  await waitUntil('both are closed', () => server.count('close') === 2);
  await touch(handles, 'dd');
  expect(server.count('open')).toBe(3);
});

test('what is forgotten in use is closed once, after its last use', async () => {
  const handles = handlesFor(100);
  await writeFile(join(server.root, 'a'), '');
  const path = treePath('/a');
  const open = () => session.open(join(server.root, 'a'), OPEN.WRITE);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const using = handles.use(path, open, () => held);
  await waitUntil('it is open', () => server.count('open') === 1);
  handles.forget(path);
  handles.forget(path);
  await touch(handles, 'a');
  expect([server.count('open'), server.count('close')]).toEqual([2, 0]);
  release();
  await using;
  await waitUntil('the first is closed', () => server.count('close') === 1);
  handles.forget(path);
  await waitUntil('the second is closed', () => server.count('close') === 2);
});

test('a handle that failed is not used again', async () => {
  const handles = handlesFor(100);
  server.script({ kind: 'write', action: { status: 4 } });
  await expect(touch(handles, 'a')).rejects.toMatchObject({ status: 4 });
  await touch(handles, 'a');
  await waitUntil('the failed one is closed', () => server.count('close') === 1);
  expect(server.count('open')).toBe(2);
});

test('a refused open takes up no place', async () => {
  const handles = handlesFor(2);
  server.script({ kind: 'open', action: { status: 3 }, times: 5 });
  for (const name of names(5)) await expect(touch(handles, name)).rejects.toMatchObject({ status: 3 });
  await touch(handles, 'last');
});

test('idle handles are closed by themselves', async () => {
  const handles = handlesFor(100, 60);
  for (const name of names(5)) await touch(handles, name);
  expect(server.count('close')).toBe(0);
  await waitUntil('all are closed', () => server.count('close') === 5);
});

test('those who wait for a place are told when the session ends', async () => {
  const handles = handlesFor(2);
  server.script({ kind: 'write', action: 'hang' });
  const work = names(10).map((name) => touch(handles, name));
  await waitUntil('one is under way', () => server.count('write') === 1);
  session.end(new AppError('MIRROR_UNREACHABLE', 'ended'));
  for (const outcome of await Promise.allSettled(work)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'MIRROR_UNREACHABLE' } });
  }
});
