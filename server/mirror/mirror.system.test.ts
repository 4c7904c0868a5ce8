import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import { jsonLogger, silentLogger } from '../base/logger.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { Mirror, type MirrorOptions } from './mirror.ts';

const TIMEOUT_MS = 1500;
const FILE = treePath('/file');

let server: SshdMirror;
let mirror: Mirror;
let lost: AppError[];
let states: string[];

beforeEach(async () => {
  server = await startSshdMirror();
});
afterEach(async () => {
  await mirror.stop();
  await server.stop();
});

const NOWHERE = { absolute: '/nowhere', real: '/nowhere' };

function startMirror(changes: Partial<MirrorConfiguration> = {}, options: Partial<MirrorOptions> = {}): void {
  mirror = new Mirror({
    config: server.config(changes),
    timeoutMs: TIMEOUT_MS,
    logger: silentLogger,
    own: { localPath: NOWHERE, mountPoint: NOWHERE },
    admit: () => Promise.resolve(),
    ...options,
  });
  lost = [];
  states = [];
  mirror.events.on('lost', ({ error }) => lost.push(error));
  mirror.events.on('link', ({ state, reason }) => states.push(reason ? `${state} ${reason.code}` : state));
  mirror.start();
}

const isUp = () => waitUntil('the link is up', () => mirror.link.state === 'up');
const isDown = () => waitUntil('the link is down', () => mirror.link.state === 'down');

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

function stat(): Promise<unknown> {
  return mirror.tree.stat(FILE);
}

describe('a link', () => {
  test('comes up with its capabilities and measures round trips', async () => {
    startMirror();
    await mirror.connected();
    expect(mirror.link).toMatchObject({
      state: 'up',
      capabilities: {
        atomicRename: true,
        fsync: true,
        hardLinks: true,
        lsetstat: true,
        statvfs: true,
        owners: process.getuid?.() === 0,
        maxWriteBytes: 128 * 1024,
      },
    });
    expect(states).toEqual(['connecting', 'up']);
    await waitUntil('a probe has measured', () => mirror.link.rttMs !== undefined);
    expect(mirror.link.rttMs?.p50).toBeGreaterThan(0);
    expect(Date.now() - (mirror.link.lastOkAtMs ?? 0)).toBeLessThan(5000);
  });

  test('goes down and up again when the server is killed and restarted, and says lost once', async () => {
    startMirror();
    await mirror.connected();
    await server.kill();
    await isDown();
    expect(lost).toMatchObject([{ code: 'MIRROR_UNREACHABLE' }]);
    expect(await codeOf(stat())).toBe('MIRROR_UNREACHABLE');
    await server.restart();
    await isUp();
    expect(lost).toHaveLength(1);
    expect(await codeOf(stat())).toBe('resolved');
  });

  test('notices a silent server within probe and deadline, and comes back after the thaw', async () => {
    startMirror();
    await mirror.connected();
    await server.freeze();
    await waitUntil('the silence is noticed', () => lost.length > 0, 2000 + 4 * TIMEOUT_MS);
    expect(lost[0]?.code).toBe('MIRROR_TIMEOUT');
    await server.thaw();
    await isUp();
  });

  test('a request to a frozen server ends with MIRROR_TIMEOUT within the deadline', async () => {
    startMirror();
    await mirror.connected();
    await server.freeze();
    const startMs = performance.now();
    expect(await codeOf(stat())).toBe('MIRROR_TIMEOUT');
    expect(performance.now() - startMs).toBeLessThan(TIMEOUT_MS + 1000);
    await server.thaw();
    await mirror.connected();
  });

  test('ends when the directory is taken away, and stays down with the reason', async () => {
    startMirror();
    await mirror.connected();
    renameSync(server.root, `${server.root}-away`);
    await waitUntil('the reason is known', () => mirror.link.reason?.code === 'MIRROR_UNSUITABLE');
    renameSync(`${server.root}-away`, server.root);
    mirror.reconnectNow();
    await isUp();
  });
});

describe('callers of connected()', () => {
  test('share one attempt while the server is away, and one failure just after', async () => {
    startMirror();
    await mirror.connected();
    await server.kill();
    await isDown();
    await waitUntil(
      'an attempt has failed',
      () => states.filter((state) => state.startsWith('down')).length > 1,
    );
    const attempts = states.filter((state) => state.startsWith('connecting')).length;
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(mirror.connected())));
    expect(new Set(codes)).toEqual(new Set(['MIRROR_UNREACHABLE']));
    expect(states.filter((state) => state.startsWith('connecting')).length - attempts).toBeLessThanOrEqual(1);
  });

  test('do not wait for the backoff to end', async () => {
    startMirror({}, { admit: () => (existsSync(server.root + '-ok') ? Promise.resolve() : refuse()) });
    const refuse = () => Promise.reject(new AppError('ADOPTION_NEEDED'));
    await waitUntil('the link is refused', () => mirror.link.reason?.code === 'ADOPTION_NEEDED');
    writeFileSync(server.root + '-ok', '');
    await waitUntil('the failure is old enough', () => Date.now() - mirror.link.sinceMs > 300);
    await mirror.connected();
    rmSync(server.root + '-ok');
  });

  test('do not make the backoff longer by asking often', async () => {
    const waitsMs: number[] = [];
    const noteWait = (line: string) => waitsMs.push((JSON.parse(line) as { retryInMs: number }).retryInMs);
    startMirror({}, { logger: jsonLogger('warn', noteWait) });
    await mirror.connected();
    const goneAtMs = performance.now();
    await server.kill();
    await waitUntil('ten attempts have failed', async () => {
      await codeOf(mirror.connected());
      return waitsMs.length > 10;
    });
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(Math.max(250, performance.now() - goneAtMs));
  });
});

describe('admission', () => {
  test('comes before the link is up; until then the mirror is read, not written', async () => {
    const seen: string[] = [];
    startMirror(
      {},
      {
        admit: async () => {
          seen.push(mirror.link.state);
          seen.push(await codeOf(stat()));
          seen.push(await codeOf(mirror.tree.writeReserved('replica.json', Buffer.from('{}'))));
          seen.push(await codeOf(mirror.tree.apply({ kind: 'create', path: FILE, mode: 0o644 })));
        },
      },
    );
    await mirror.connected();
    expect(seen).toEqual(['connecting', 'resolved', 'resolved', 'MIRROR_UNREACHABLE']);
    expect(existsSync(join(server.root, 'file'))).toBe(false);
  });

  test('that refuses closes the connection, becomes the reason, and nothing was written', async () => {
    startMirror({}, { admit: () => Promise.reject(new AppError('FOREIGN_REPLICA', 'of another set')) });
    expect(await codeOf(mirror.connected())).toBe('FOREIGN_REPLICA');
    expect(mirror.link).toMatchObject({ state: 'down', reason: { code: 'FOREIGN_REPLICA' } });
    expect(await codeOf(stat())).toBe('MIRROR_UNREACHABLE');
    expect(readdirSync(server.root)).toEqual([]);
    expect(lost).toEqual([]);
  });

  test('ends with its session', async () => {
    startMirror({}, { admit: () => new Promise(() => {}) });
    await waitUntil('it is connecting', () => mirror.link.state === 'connecting');
    const outcome = codeOf(mirror.connected());
    await waitUntil('the session is there', async () => (await codeOf(stat())) === 'resolved');
    await server.kill();
    expect(await outcome).toBe('MIRROR_UNREACHABLE');
  });
});

describe('an operator', () => {
  test('detaches and attaches', async () => {
    startMirror();
    await mirror.connected();
    mirror.disable();
    expect(mirror.link.state).toBe('disabled');
    expect(await codeOf(mirror.connected())).toBe('MIRROR_DISABLED');
    expect(await codeOf(stat())).toBe('MIRROR_UNREACHABLE');
    mirror.enable();
    await mirror.connected();
    expect(await codeOf(stat())).toBe('resolved');
    expect(lost).toEqual([]);
  });

  test('detaches in the middle of an attempt, and attaches at once', async () => {
    startMirror();
    const first = codeOf(mirror.connected());
    mirror.disable();
    mirror.enable();
    expect(await first).toBe('MIRROR_DISABLED');
    await mirror.connected();
    expect(await codeOf(stat())).toBe('resolved');
  });

  test('stops, and what is under way ends', async () => {
    startMirror();
    await mirror.connected();
    await server.freeze();
    const outcome = codeOf(stat());
    await mirror.stop();
    expect(await outcome).toBe('SHUTTING_DOWN');
    expect(await codeOf(mirror.connected())).toBe('SHUTTING_DOWN');
    await server.thaw();
  });
});

describe('the server', () => {
  test('is refused with an unknown host key, and accepted by a pin', async () => {
    const empty = join(server.root, 'known_hosts');
    writeFileSync(empty, '');
    startMirror({ knownHosts: empty });
    const refusal = await mirror.connected().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    const shown = /SHA256:\S+/.exec(String(refusal))?.[0];
    await mirror.stop();
    startMirror({ knownHosts: empty, ...(shown && { hostKey: shown }) });
    await mirror.connected();
  });

  test('is refused with a changed host key', async () => {
    await server.restart({ newHostKey: true });
    startMirror();
    expect(await codeOf(mirror.connected())).toBe('HOST_KEY_CHANGED');
    expect(mirror.link.reason?.message).toMatch(/SHA256:.*SHA256:/);
  });

  test('that refuses the login is LOGIN_REFUSED', async () => {
    writeFileSync(`${server.identityFile}.pub`, '');
    startMirror();
    expect(await codeOf(mirror.connected())).toBe('LOGIN_REFUSED');
    expect(mirror.link.reason?.message).toContain(server.identityFile);
  });

  test.each(['-R', '-P posix-rename'])('that runs with %s is MIRROR_UNSUITABLE', async (sftpFlags) => {
    await server.restart({ sftpFlags });
    startMirror();
    expect(await codeOf(mirror.connected())).toBe('MIRROR_UNSUITABLE');
  });

  test('that is not there is MIRROR_UNREACHABLE; that never speaks is MIRROR_TIMEOUT', async () => {
    await server.freeze();
    startMirror();
    expect(await codeOf(mirror.connected())).toBe('MIRROR_TIMEOUT');
    await server.thaw();
    await server.kill();
    await waitUntil('the failure is no longer shared', () => Date.now() - mirror.link.sinceMs > 300);
    expect(await codeOf(mirror.connected())).toBe('MIRROR_UNREACHABLE');
  });

  test('killed in the middle of a write leaves the outcome unknown, and the write can be repeated', async () => {
    startMirror();
    await mirror.connected();
    await mirror.tree.apply({ kind: 'create', path: FILE, mode: 0o644 });
    const data = randomBytes(64 << 20);
    const write = { kind: 'write', path: FILE, offset: 0, data } as const;
    const outcome = codeOf(mirror.tree.apply(write));
    await waitUntil('some of it has arrived', () => readFileSync(join(server.root, 'file')).length > 0);
    await server.kill();
    expect(await outcome).toBe('MIRROR_UNREACHABLE');
    await server.restart();
    await isUp();
    await mirror.tree.apply(write, { repeated: true });
    expect(readFileSync(join(server.root, 'file')).equals(data)).toBe(true);
  });

  test('that is killed over and over leaves no rejection unhandled and no session behind', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    startMirror();
    for (let round = 0; round < 5; round++) {
      await mirror.connected();
      const work = Array.from({ length: 40 }, (_, index) =>
        codeOf(mirror.tree.apply({ kind: 'create', path: treePath(`/r${round}-${index}`), mode: 0o644 })),
      );
      await server.kill();
      for (const code of await Promise.all(work)) expect(['resolved', 'MIRROR_UNREACHABLE']).toContain(code);
      await server.restart();
    }
    await isUp();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
