import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScriptedSftp } from './scripted-sftp.ts';
import { waitUntil } from './wait-until.ts';

let scripted: ScriptedSftp;
let client: Client;
let sftp: SFTPWrapper;

beforeEach(async () => {
  scripted = new ScriptedSftp();
  await scripted.start();
  const privateKey = await readFile(scripted.server.keys.clientKeyPath);
  const { host, port, user: username } = scripted.server;
  client = new ssh2.Client();
  sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.on('error', reject).on('ready', () => {
      client.sftp((error, wrapper) => (error ? reject(error) : resolve(wrapper)));
    });
    client.connect({ host, port, username, privateKey });
  });
});

afterEach(async () => {
  client.destroy();
  await scripted.stop();
});

/** The status that making a directory is answered with. */
function mkdir(name: string): Promise<number> {
  return new Promise((resolve) => {
    sftp.mkdir(join(scripted.root, name), (error) => {
      const code = error && 'code' in error ? error.code : undefined;
      resolve(error ? (typeof code === 'number' ? code : -1) : 0);
    });
  });
}

it('answers the k-th matching request with a status, for as many as told', async () => {
  const rule = scripted.script({ kind: 'mkdir', path: /^\/x/, at: 2, times: 2, action: { status: 3 } });
  const answers = [];
  for (const name of ['x1', 'other', 'x2', 'x3', 'x4']) answers.push(await mkdir(name));
  expect(answers).toEqual([0, 0, 3, 3, 0]);
  expect(rule.applied).toBe(2);
  expect((await readdir(scripted.root)).toSorted()).toEqual(['other', 'x1', 'x4']);
  expect(scripted.count('mkdir')).toBe(5);
  expect(scripted.count('mkdir', '/other')).toBe(1);
});

it('holds a request until released, and those after it', async () => {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const rule = scripted.script({ kind: 'mkdir', action: { until } });
  const answers: number[] = [];
  const both = ['a', 'b'].map(async (name) => answers.push(await mkdir(name)));
  expect(await rule.reached).toMatchObject({ kind: 'mkdir', path: '/a' });
  expect(await readdir(scripted.root)).toEqual([]);
  release();
  await Promise.all(both);
  expect(answers).toEqual([0, 0]);
});

it('delays a request', async () => {
  scripted.script({ kind: 'mkdir', action: { delayMs: 60 } });
  const startMs = performance.now();
  expect(await mkdir('late')).toBe(0);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
});

it('executes a request and swallows the answer, so that a repetition meets its own success', async () => {
  scripted.script({ kind: 'mkdir', action: 'drop-reply' });
  void mkdir('once');
  await waitUntil('the directory is made', async () => (await readdir(scripted.root)).includes('once'));
  expect(await mkdir('once')).toBe(4);
});

it('serves everything again once a rule is cancelled', async () => {
  const rule = scripted.script({ action: { status: 4 }, times: Number.POSITIVE_INFINITY });
  expect(await mkdir('a')).toBe(4);
  rule.cancel();
  expect(await mkdir('a')).toBe(0);
});

it('counts requests by handle under the path they were opened by', async () => {
  await writeFile(join(scripted.root, 'file'), 'content');
  const rule = scripted.script({ kind: 'read', path: '/file', action: { status: 4 } });
  await expect(
    new Promise((resolve, reject) => {
      sftp.readFile(join(scripted.root, 'file'), (error, data) => (error ? reject(error) : resolve(data)));
    }),
  ).rejects.toMatchObject({ code: 4 });
  expect(rule.applied).toBe(1);
});
