import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedSftpServer, type EmbeddedSftpServerOptions } from './embedded-sftp-server.ts';
import { makeServerKeys } from './server-keys.ts';
import type { SeenRequest } from './request-verdict.ts';

type Callback<T> = (error?: Error | null, value?: T) => void;

/** The answer of one call with a callback; a refusal rejects with ssh2's error, whose code is the status. */
function answer<T = void>(call: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

function status(call: (callback: Callback<unknown>) => void): Promise<number> {
  return answer(call).then(
    () => 0,
    (error: { code?: number }) => error.code ?? -1,
  );
}

let base: string;
let root: string;
let server: EmbeddedSftpServer;
let clients: Client[];

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'embedded-')));
  root = join(base, 'tree');
  await mkdir(root);
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await server.stop();
  await rm(base, { recursive: true });
});

async function startServer(options: Partial<EmbeddedSftpServerOptions> = {}): Promise<void> {
  server = new EmbeddedSftpServer({ directory: root, keyDirectory: base, ...options });
  await server.start();
}

async function login(changes: ssh2.ConnectConfig = {}): Promise<Client> {
  const client = new ssh2.Client();
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.on('ready', resolve).on('error', reject);
    void readFile(server.keys.clientKeyPath).then((privateKey) =>
      client.connect({ host: server.host, port: server.port, username: server.user, privateKey, ...changes }),
    );
  });
  return client;
}

async function session(): Promise<SFTPWrapper> {
  const client = await login();
  return answer<SFTPWrapper>((callback) => client.sftp(callback));
}

async function start(options: Partial<EmbeddedSftpServerOptions> = {}): Promise<SFTPWrapper> {
  await startServer(options);
  return session();
}

describe('the login', () => {
  it('accepts the key it made and shows the pinned host key', async () => {
    await startServer();
    let seen = '';
    await login({
      hostHash: 'sha256',
      hostVerifier: (hash: string) => {
        seen = `SHA256:${Buffer.from(hash, 'hex').toString('base64').replace(/=+$/, '')}`;
        return true;
      },
    });
    expect(seen).toBe(server.keys.hostKeyPin);
    expect((await stat(server.keys.clientKeyPath)).mode & 0o777).toBe(0o600);
  });

  it('refuses another key and another user', async () => {
    await startServer();
    await mkdir(join(base, 'other'));
    const other = await readFile((await makeServerKeys(join(base, 'other'))).clientKeyPath);
    await expect(login({ privateKey: other })).rejects.toMatchObject({ level: 'client-authentication' });
    await expect(login({ username: 'somebody' })).rejects.toMatchObject({ level: 'client-authentication' });
  });

  it('accepts the right password only where one is set', async () => {
    await startServer({ password: 'secret' });
    await login({ privateKey: undefined, password: 'secret' });
    await expect(login({ privateKey: undefined, password: 'wrong' })).rejects.toMatchObject({
      level: 'client-authentication',
    });
  });
});

describe('files', () => {
  it('are created with their mode, written, read and closed', async () => {
    const sftp = await start();
    const path = join(root, 'file');
    const content = Buffer.alloc(700_000, 'abcdefg');
    const handle = await answer<Buffer>((done) => sftp.open(path, 'wx', { mode: 0o600 }, done));
    await answer((done) => sftp.write(handle, content, 0, content.length, 0, done));
    await answer((done) => sftp.close(handle, done));
    expect((await readFile(path)).equals(content)).toBe(true);
    expect((await stat(path)).mode & 0o7777).toBe(0o600);
    const read = await answer<Buffer>((done) => sftp.readFile(path, done));
    expect(read.equals(content)).toBe(true);
  });

  it('are appended to, truncated and refused where they exist already', async () => {
    const sftp = await start();
    const path = join(root, 'file');
    await answer((done) => sftp.writeFile(path, 'one', done));
    await answer((done) => sftp.appendFile(path, 'two', done));
    expect(await readFile(path, 'utf8')).toBe('onetwo');
    expect(await status((done) => sftp.open(path, 'wx', done))).toBe(4);
    await answer((done) => sftp.writeFile(path, 'x', done));
    expect(await readFile(path, 'utf8')).toBe('x');
  });

  it('are flushed, described and changed by handle', async () => {
    const sftp = await start();
    const path = join(root, 'file');
    const handle = await answer<Buffer>((done) => sftp.open(path, 'w+', done));
    await answer((done) => sftp.write(handle, Buffer.from('12345'), 0, 5, 0, done));
    await answer((done) => sftp.ext_openssh_fsync(handle, done));
    await answer((done) =>
      sftp.fsetstat(handle, { size: 3, mode: 0o4711, atime: 10, mtime: 20 } as never, done),
    );
    const stats = await answer<ssh2.Stats>((done) => sftp.fstat(handle, done));
    expect(stats).toMatchObject({ size: 3, atime: 10, mtime: 20 });
    expect(stats.mode).toBe(0o104711);
  });

  it('answer the end of the file and a handle that is not open', async () => {
    const sftp = await start();
    const path = join(root, 'file');
    const handle = await answer<Buffer>((done) => sftp.open(path, 'w+', done));
    expect(await status((done) => sftp.read(handle, Buffer.alloc(8), 0, 8, 0, done))).toBe(0);
    await answer((done) => sftp.close(handle, done));
    expect(await status((done) => sftp.close(handle, done))).toBe(4);
  });
});

describe('names', () => {
  it('are listed page by page with attributes and the line of ls', async () => {
    const sftp = await start();
    for (let index = 0; index < 250; index += 1) await writeFile(join(root, `file ${index}`), 'abc');
    const handle = await answer<Buffer>((done) => sftp.opendir(root, done));
    const first = await answer<ssh2.FileEntry[]>((done) => sftp.readdir(handle, done));
    expect(first.length).toBeLessThanOrEqual(102);
    const all = await answer<ssh2.FileEntry[]>((done) => sftp.readdir(root, done));
    const names = all.map((entry) => entry.filename);
    expect(names.filter((name) => name.startsWith('file '))).toHaveLength(250);
    expect(all.find((entry) => entry.filename === 'file 7')?.longname).toMatch(
      /^-rw.{7} +1 \d+ +\d+ +3 .* file 7$/,
    );
    expect(all.find((entry) => entry.filename === 'file 7')?.attrs.size).toBe(3);
  });

  it('are renamed: plainly never over another one, the POSIX way over it', async () => {
    const sftp = await start();
    await writeFile(join(root, 'old'), 'new content');
    await writeFile(join(root, 'there'), 'old content');
    expect(await status((done) => sftp.rename(join(root, 'old'), join(root, 'there'), done))).toBe(4);
    await answer((done) => sftp.ext_openssh_rename(join(root, 'old'), join(root, 'there'), done));
    expect(await readFile(join(root, 'there'), 'utf8')).toBe('new content');
    await answer((done) => sftp.rename(join(root, 'there'), join(root, 'else'), done));
    await answer((done) => sftp.mkdir(join(root, 'dir'), done));
    await answer((done) => sftp.rename(join(root, 'dir'), join(root, 'moved'), done));
    expect((await readdir(root)).toSorted()).toEqual(['else', 'moved']);
  });

  it('are linked, hard and symbolically, and read back', async () => {
    const sftp = await start();
    await writeFile(join(root, 'file'), 'x');
    await answer((done) => sftp.ext_openssh_hardlink(join(root, 'file'), join(root, 'second'), done));
    expect((await stat(join(root, 'second'))).nlink).toBe(2);
    await answer((done) => sftp.symlink('some/where', join(root, 'link'), done));
    expect(await readlink(join(root, 'link'))).toBe('some/where');
    expect(await answer<string>((done) => sftp.readlink(join(root, 'link'), done))).toBe('some/where');
  });

  it('of symlinks go in the order of the draft where the server does not call itself OpenSSH', async () => {
    const sftp = await start({ ident: 'embedded' });
    await answer((done) => sftp.symlink('target', join(root, 'link'), done));
    expect(await readlink(join(root, 'link'))).toBe('target');
  });

  it('of symlinks keep their own attributes by lsetstat and lstat', async () => {
    const sftp = await start();
    await writeFile(join(root, 'file'), 'x');
    await symlink('file', join(root, 'link'));
    await answer((done) =>
      sftp.ext_openssh_lsetstat(join(root, 'link'), { atime: 1, mtime: 2 } as never, done),
    );
    expect((await lstat(join(root, 'link'))).mtimeMs).toBe(2000);
    expect((await stat(join(root, 'file'))).mtimeMs).toBeGreaterThan(1e12);
    const seen = await answer<ssh2.Stats>((done) => sftp.lstat(join(root, 'link'), done));
    expect(seen.isSymbolicLink()).toBe(true);
    expect((await answer<ssh2.Stats>((done) => sftp.stat(join(root, 'link'), done))).isFile()).toBe(true);
    const mode = { mode: 0o777 } as never;
    expect(await status((done) => sftp.ext_openssh_lsetstat(join(root, 'link'), mode, done))).toBe(4);
  });

  it('may be any bytes that UTF-8 allows, up to 255', async () => {
    const sftp = await start();
    for (const name of ['ünïcode', 'line\nbreak', '"quoted\' \\', '🙂', 'x'.repeat(255), '-rf', ' ']) {
      await answer((done) => sftp.writeFile(join(root, name), 'x', done));
      expect(await readdir(root)).toEqual([name]);
      await answer((done) => sftp.unlink(join(root, name), done));
    }
  });
});

describe('answers', () => {
  it('carry the status that OpenSSH gives for each errno', async () => {
    const sftp = await start();
    await writeFile(join(root, 'file'), 'x');
    await answer((done) => sftp.mkdir(join(root, 'dir'), done));
    await writeFile(join(root, 'dir', 'inside'), 'x');
    expect(await status((done) => sftp.lstat(join(root, 'none'), done))).toBe(2);
    expect(await status((done) => sftp.lstat(join(root, 'file', 'below'), done))).toBe(2);
    expect(await status((done) => sftp.mkdir(join(root, 'dir'), done))).toBe(4);
    expect(await status((done) => sftp.rmdir(join(root, 'dir'), done))).toBe(4);
    expect(await status((done) => sftp.unlink(join(root, 'none'), done))).toBe(2);
    expect(await status((done) => sftp.readlink(join(root, 'file'), done))).toBe(5);
    expect(await status((done) => sftp.writeFile(join(root, 'x'.repeat(256)), 'x', done))).toBe(5);
  });

  it('say how much space there is and how large requests may be', async () => {
    const sftp = await start();
    const space = await answer<{ f_bavail: number; f_namemax: number }>((done) =>
      sftp.ext_openssh_statvfs(root, done),
    );
    expect(space.f_bavail).toBeGreaterThan(0);
    expect(space.f_namemax).toBe(255);
    expect(await answer<string>((done) => sftp.realpath('.', done))).toBe(server.directory);
  });

  it('never come for what lies outside the served directory', async () => {
    const sftp = await start();
    await writeFile(join(base, 'secret'), 'x');
    await symlink('../secret', join(root, 'file link'));
    await symlink(base, join(root, 'directory link'));
    await symlink('../planted', join(root, 'dangling link'));
    const outside = ['../secret', join(base, 'secret'), '/etc/passwd', 'file link', 'directory link/secret'];
    for (const path of outside) {
      expect(await status((done) => sftp.open(path, 'r', done))).toBe(3);
    }
    expect(await status((done) => sftp.mkdir('directory link/made', done))).toBe(3);
    expect(await status((done) => sftp.readdir('directory link', done))).toBe(3);
    expect(await status((done) => sftp.open('dangling link', 'w', done))).toBe(2);
    expect(await status((done) => sftp.rename('file link', '../moved', done))).toBe(3);
    expect((await readdir(base)).toSorted()).toEqual(['client_key', 'secret', 'tree']);
    await answer((done) => sftp.unlink('file link', done));
  });

  it('are UNSUPPORTED for an extension that is not offered, and it is not announced', async () => {
    const sftp = await start({ extensions: ['fsync@openssh.com'] });
    await writeFile(join(root, 'file'), 'x');
    expect(() => sftp.ext_openssh_rename(join(root, 'file'), join(root, 'b'), () => {})).toThrow(
      /not support/,
    );
    const handle = await answer<Buffer>((done) => sftp.open(join(root, 'file'), 'r', done));
    await answer((done) => sftp.ext_openssh_fsync(handle, done));
  });
});

describe('the order of requests', () => {
  it('is kept, whatever each of them takes', async () => {
    const sftp = await start();
    const path = join(root, 'file');
    const handle = await answer<Buffer>((done) => sftp.open(path, 'w', done));
    const writes = Array.from({ length: 200 }, (_, index) =>
      answer((done) => sftp.write(handle, Buffer.from([index]), 0, 1, 0, done)),
    );
    const removed = answer((done) => sftp.unlink(path, done));
    const made = answer((done) => sftp.mkdir(path, done));
    await Promise.all([...writes, removed, made]);
    expect((await stat(path)).isDirectory()).toBe(true);
    const kept = await answer<ssh2.Stats>((done) => sftp.fstat(handle, done));
    expect(kept.size).toBe(1);
  });
});

describe('the verdict on a request', () => {
  it('may be a status, which keeps it from being carried out', async () => {
    const seen: SeenRequest[] = [];
    const sftp = await start({
      intercept: (request) => {
        seen.push(request);
        return request.kind === 'mkdir' && request.count === 2 ? { status: 3 } : 'serve';
      },
    });
    expect(await status((done) => sftp.mkdir(join(root, 'a'), done))).toBe(0);
    expect(await status((done) => sftp.mkdir(join(root, 'b'), done))).toBe(3);
    expect(await status((done) => sftp.mkdir(join(root, 'c'), done))).toBe(0);
    expect((await readdir(root)).toSorted()).toEqual(['a', 'c']);
    expect(seen.at(-1)).toEqual({ kind: 'mkdir', path: '/c', count: 3 });
  });

  it('may drop the reply or the whole request, and the session goes on', async () => {
    const sftp = await start({
      intercept: ({ path }) => (path === '/done' ? 'drop-reply' : path === '/lost' ? 'drop' : 'serve'),
    });
    let answers = 0;
    sftp.mkdir(join(root, 'done'), () => (answers += 1));
    sftp.mkdir(join(root, 'lost'), () => (answers += 1));
    await answer((done) => sftp.mkdir(join(root, 'next'), done));
    expect((await readdir(root)).toSorted()).toEqual(['done', 'next']);
    expect(answers).toBe(0);
  });

  it('may close the channel and leave the connection, before or after carrying it out', async () => {
    await startServer({
      intercept: ({ kind, count }) => {
        if (kind !== 'mkdir') return 'serve';
        return count === 1 ? 'close' : 'serve-then-close';
      },
    });
    const client = await login();
    for (const name of ['before', 'after']) {
      const sftp = await answer<SFTPWrapper>((done) => client.sftp(done));
      await expect(answer((done) => sftp.mkdir(join(root, name), done))).rejects.toThrow(/No response/);
    }
    expect(await readdir(root)).toEqual(['after']);
    expect(server.connectionCount).toBe(1);
  });

  it('may reset the connection, before or after carrying it out', async () => {
    await startServer({
      intercept: ({ count, kind }) =>
        kind !== 'mkdir' ? 'serve' : count === 1 ? 'disconnect' : 'serve-then-disconnect',
    });
    for (const name of ['before', 'after']) {
      const sftp = await session();
      clients.at(-1)?.on('error', () => {});
      await expect(answer((done) => sftp.mkdir(join(root, name), done))).rejects.toThrow(/No response/);
    }
    expect(await readdir(root)).toEqual(['after']);
  });

  it('may hang the session, which stop still ends', async () => {
    const sftp = await start({ intercept: ({ kind }) => (kind === 'mkdir' ? 'hang' : 'serve') });
    clients.at(-1)?.on('error', () => {});
    const hung = answer((done) => sftp.mkdir(join(root, 'hung'), done));
    const queued = answer<ssh2.Stats>((done) => sftp.lstat(root, done));
    const other = await session();
    clients.at(-1)?.on('error', () => {});
    await answer<ssh2.Stats>((done) => other.lstat(root, done));
    const ends = Promise.allSettled([hung, queued]);
    await server.stop();
    expect((await ends).map((end) => end.status)).toEqual(['rejected', 'rejected']);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('a restart', () => {
  it('keeps the port and the keys', async () => {
    await startServer();
    const before = { port: server.port, pin: server.keys.hostKeyPin };
    await server.stop();
    await server.start();
    expect({ port: server.port, pin: server.keys.hostKeyPin }).toEqual(before);
    await session();
  });
});
