import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedSftpServer } from './embedded-sftp-server.ts';

let base: string;
let root: string;
let server: EmbeddedSftpServer;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'embedded-')));
  root = join(base, 'tree');
  await mkdir(root);
  server = new EmbeddedSftpServer({ directory: root, keyDirectory: base });
  await server.start();
});

afterEach(async () => {
  await server.stop();
  await rm(base, { recursive: true });
});

/** Runs OpenSSH's own client with these commands; it stops at the first that fails. */
async function sftp(...commands: string[]): Promise<{ code: number | null; output: string }> {
  const knownHosts = join(base, 'known_hosts');
  await writeFile(knownHosts, `[127.0.0.1]:${server.port} ${server.keys.hostKeyLine}\n`);
  const options = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'IdentitiesOnly=yes',
  ].flatMap((option) => ['-o', option]);
  const identity = ['-i', server.keys.clientKeyPath, '-P', String(server.port)];
  const child = spawn(
    'sftp',
    ['-F', 'none', '-b', '-', ...identity, ...options, `${server.user}@127.0.0.1`],
    { stdio: ['pipe', 'pipe', 'pipe'], timeout: 30_000, killSignal: 'SIGKILL' },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(`${commands.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, output };
}

it("OpenSSH's client uploads, links, renames, lists and fetches a tree", async () => {
  const source = join(base, 'source');
  await mkdir(join(source, 'nested'), { recursive: true });
  await writeFile(join(source, 'nested', 'big'), Buffer.alloc(3_000_000, 'pattern '), { mode: 0o640 });
  await writeFile(join(source, 'small'), 'x');
  const result = await sftp(
    'pwd',
    `put -Rpf ${source} copy`,
    'ln copy/small hard',
    'ln -s copy/small soft',
    'rename hard moved',
    'chmod 4755 moved',
    'mkdir made',
    'rmdir made',
    'ls -la copy',
    'df',
    `get -Rp copy ${join(base, 'back')}`,
  );
  expect(result.output).toContain(`Remote working directory: ${root}`);
  expect(result).toMatchObject({ code: 0 });
  expect((await readdir(root)).toSorted()).toEqual(['copy', 'moved', 'soft']);
  expect(await readlink(join(root, 'soft'))).toBe('copy/small');
  expect(await stat(join(root, 'moved'))).toMatchObject({ nlink: 2, mode: 0o104755 });
  const original = await readFile(join(source, 'nested', 'big'));
  expect((await readFile(join(root, 'copy', 'nested', 'big'))).equals(original)).toBe(true);
  expect((await readFile(join(base, 'back', 'nested', 'big'))).equals(original)).toBe(true);
  expect((await stat(join(root, 'copy', 'nested', 'big'))).mode & 0o777).toBe(0o640);
});

it("OpenSSH's client is told of what fails, and stays in the directory", async () => {
  expect(await sftp('get nothing')).toMatchObject({ code: 1 });
  await writeFile(join(root, 'file'), 'x');
  expect((await sftp('mkdir file')).output).toMatch(/remote mkdir.*: Failure/);
  const outside = await sftp('ls /etc');
  expect(outside).toMatchObject({ code: 1 });
  expect(outside.output).toMatch(/^Can't ls/m);
});
