import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import { sleep } from '../base/wait.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { enter } from './entrance.ts';
import { SftpSession } from './sftp-session.ts';
import { SftpTree } from './sftp-tree.ts';
import { resolveLogin } from './ssh-login.ts';

const NOWHERE = { absolute: '/nowhere', real: '/nowhere' };

let server: ScriptedSftp;
let session: SftpSession;

beforeEach(async () => {
  server = new ScriptedSftp();
  await server.start();
  mkdirSync(at('real'));
  symlinkSync('real', at('link'));
  session = await SftpSession.open(await resolveLogin(server.mirrorConfiguration('m')), { timeoutMs: 5000 });
});
afterEach(async () => {
  session.end(new AppError('SHUTTING_DOWN'));
  await server.stop();
});

const at = (name: string) => join(server.root, name);

/** Enters as a mirror does that reads and, once it may, writes a file of its own. */
async function entered(path: string): Promise<{ rootPath: string; reads: number }> {
  const tree = new SftpTree('m');
  let reads = 0;
  const admit = async (ground: Promise<void>) => {
    reads += 1;
    await Promise.all([ground, tree.readReserved('replica.json')]);
    await tree.writeReserved('replica.json', Buffer.from('{}'));
  };
  const config = { ...server.mirrorConfiguration('m'), path };
  const own = { localPath: NOWHERE, mountPoint: NOWHERE };
  const { rootPath } = await enter(session, tree, { config, own, admit });
  return { rootPath, reads };
}

it('asks about the mirror beside the question whether its path is the real one', async () => {
  let answer = () => {};
  const until = new Promise<void>((resolve) => (answer = resolve));
  const realpath = session.realpath.bind(session);
  vi.spyOn(session, 'realpath').mockImplementation(async (path) => {
    await until;
    return realpath(path);
  });
  const opened = vi.spyOn(session, 'open');
  const done = entered(at('real'));
  await vi.waitUntil(() => opened.mock.calls.length > 0);
  await sleep(50);
  expect(readdirSync(at('real'))).toEqual([]);
  answer();
  expect(await done).toEqual({ rootPath: at('real'), reads: 1 });
});

it('asks anew where the path leads through a symlink, and writes nothing before', async () => {
  expect(await entered(at('link'))).toEqual({ rootPath: at('real'), reads: 2 });
});

it.each([
  ['slash', 'real/'],
  ['detour', 'real/../real'],
])('enters at the real path where it is written with a %s', async (_, written) => {
  expect((await entered(`${server.root}/${written}`)).rootPath).toBe(at('real'));
});

it('refuses what is no directory', async () => {
  await expect(entered(at('missing'))).rejects.toMatchObject({ code: 'MIRROR_UNSUITABLE' });
});
