import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mountedAt } from '../fuse/mount-point.ts';
import { runCommand } from '../testing/run-command.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'server', 'demo', 'main.js');

let temp: TempDirectory;
let child: ChildProcess | undefined;
let output: string;

beforeEach(async () => {
  temp = await tempDirectory('demo-test');
  output = '';
});

afterEach(async () => {
  if (child?.exitCode === null) child.kill('SIGTERM');
  const [left] = await readdir(temp.path);
  if (left !== undefined) await runCommand('umount', ['-l', join(temp.path, left, 'mount')]);
  await temp.remove();
});

/** Starts the built demo with a temporary directory of its own. */
function launch(command: string = process.execPath, args: string[] = [PROGRAM]): ChildProcess {
  const started = spawn(command, args, { cwd: '/', env: { ...process.env, TMPDIR: temp.path } });
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  started.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child = started;
  return started;
}

interface Shown {
  readonly mountPoint: string;
  readonly mirrors: readonly [string, string];
  readonly url: string;
  readonly token: string;
}

async function shown(): Promise<Shown> {
  await waitUntil('the demo explains itself', () => output.includes('Ctrl-C stops'), 30_000);
  const field = (name: string) => new RegExp(`^  ${name} +(.*)$`, 'm').exec(output)?.[1] ?? '';
  return {
    mountPoint: field('mount point'),
    mirrors: [field('mirror 1'), field('mirror 2')],
    url: field('dashboard'),
    token: field('its token'),
  };
}

async function exitCode(of: ChildProcess): Promise<number> {
  await waitUntil(
    `the demo ends; so far: ${output}`,
    () => of.exitCode !== null || of.signalCode !== null,
    30_000,
  );
  return of.exitCode ?? -1;
}

it('serves a mount whose files are in both mirrors, and leaves nothing behind after Ctrl-C', async () => {
  const demo = launch();
  const { mountPoint, mirrors, url, token } = await shown();
  expect(dirname(dirname(mountPoint))).toBe(temp.path);
  for (const command of output.split('\n').filter((line) => / (head|diff) /.test(line))) {
    expect(await runCommand('sh', ['-c', command])).toMatchObject({ code: 0, stderr: '' });
  }
  for (const mirror of mirrors) expect(await readFile(join(mirror, 'hello.txt'), 'utf8')).toBe('hello\n');
  expect((await readdir(join(mirrors[0], 'copy'))).length).toBeGreaterThan(10);
  const authorization = `Bearer ${token}`;
  const page = await fetch(url, { headers: { authorization, accept: 'text/html' } });
  expect(page.status).toBe(200);
  expect(await page.text()).toMatch(/<div id="root">/);
  demo.kill('SIGINT');
  expect(await exitCode(demo)).toBe(0);
  expect(await readdir(temp.path)).toEqual([]);
  expect(await mountedAt(mountPoint)).toBeUndefined();
});

it('ends while somebody is still in the mount', async () => {
  const demo = launch();
  const { mountPoint } = await shown();
  const inside = runCommand('sh', ['-c', 'echo > here; read line; exec sleep 3'], { directory: mountPoint });
  await waitUntil('somebody is inside', () => existsSync(join(dirname(mountPoint), 'local', 'here')));
  demo.kill('SIGTERM');
  expect(await exitCode(demo)).toBe(0);
  expect(await readdir(temp.path)).toEqual([]);
  await inside;
});

it('ends at once at a second signal, and is cleaned up all the same', async () => {
  const demo = launch();
  const { mountPoint } = await shown();
  demo.kill('SIGINT');
  demo.kill('SIGTERM');
  expect(await exitCode(demo)).toBe(130);
  await waitUntil('everything is removed', async () => (await readdir(temp.path)).length === 0);
  expect(await mountedAt(mountPoint)).toBeUndefined();
});

it('takes another port where the usual one is taken', async () => {
  const taken = await occupy(8080);
  try {
    launch();
    const { url, token } = await shown();
    expect(url).not.toContain(':8080');
    const answer = await fetch(`${url}/api/v1/overview`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
  } finally {
    taken?.close();
  }
});

it('says in one sentence what is missing where it cannot mount, and leaves nothing behind', async () => {
  const empty = join(temp.path, 'empty');
  await mkdir(empty);
  const script = 'mount --bind "$0" /dev && exec "$@"';
  const demo = launch('unshare', ['-m', 'sh', '-c', script, empty, process.execPath, PROGRAM]);
  expect(await exitCode(demo)).toBe(1);
  expect(output).toMatch(/The demo can't run: .*\/dev\/fuse/);
  expect(await readdir(temp.path)).toEqual(['empty']);
});

/** undefined where somebody else has it already, which serves as well. */
function occupy(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
