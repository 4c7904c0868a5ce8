import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  mirrorListSchema,
  overviewSchema,
  transactionDetailSchema,
  transactionListSchema,
} from '../../shared/api.ts';
import { type ApiBench, TEST_TOKEN, startApiBench } from '../testing/api-bench.ts';
import { registerRestCommands } from './rest-commands.ts';

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The end of the process, as far as the command can tell. */
class ExitNow extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

const CAPABILITIES = {
  posixRename: true,
  hardlink: true,
  fsync: true,
  statvfs: true,
  lsetstat: true,
  maxWriteBytes: 32_768,
  owners: true,
  clockAheadMs: 0,
};

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench();
});
afterEach(() => bench.stop());

/** Runs the command line as main does, and says how the process would have ended. */
async function proxyfs(
  args: readonly string[],
  environment: Record<string, string> = { PROXYFS_TOKEN: TEST_TOKEN },
): Promise<Result> {
  let [out, err, code] = ['', '', 0];
  const program = new Command('proxyfs');
  program.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
  registerRestCommands(program, {
    environment,
    out: (text) => (out += text),
    err: (text) => (err += text),
    exitWith: (wanted) => (code = wanted),
    exitNow: (wanted) => {
      throw new ExitNow(wanted);
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof ExitNow)) throw thrown;
    code = thrown.code;
  }
  return { code, out, err };
}

function here(...args: string[]): Promise<Result> {
  return proxyfs([...args, '--url', bench.url]);
}

describe('reading', () => {
  it('shows the state of everything', async () => {
    bench.controlPlane.addMirror({
      id: 'web2',
      link: 'down',
      content: 'stale',
      stalePaths: 12,
      rttMs: null,
      freeBytes: null,
      reason: { code: 'MIRROR_UNREACHABLE', message: 'connection refused' },
      capabilities: { ...CAPABILITIES, lacks: ['no hard links', 'owners are not kept'] },
    });
    const { code, out, err } = await here('status');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('read-write: every required mirror is up\n');
    expect(out).toContain('mounted at /mnt/www by kernel (run by root, who may mount), version 0.1.0\n');
    expect(out).toContain('1 in flight, 3 committed, 1 rolled back, 2 retries since the start\n');
    expect(out).toMatch(/^web1 +up +in-sync +yes +1 ms +0 +4\.7 GiB +10\.0\.0\.11:22:\/srv\/www +-$/m);
    expect(out).toMatch(/^web2 +down +stale +yes +- +12 +- .* connection refused \(MIRROR_UNREACHABLE\)$/m);
    expect(out).toMatch(/^web2 has a lesser guarantee: no hard links; owners are not kept$/m);
    expect(out).not.toContain('web1 has');
    expect(out).toMatch(/^tx-1 +\S+ +write 4\.0 KiB +\/index\.html +applying +web1 retrying 1\/2 +-$/m);
  });

  it('prints JSON in the shapes of the API', async () => {
    const json = async (name: string) => JSON.parse((await here(name, '--json')).out) as unknown;
    expect(overviewSchema.parse(await json('status'))).toEqual(bench.controlPlane.overview());
    expect(mirrorListSchema.parse(await json('mirrors')).items).toHaveLength(1);
    expect(transactionListSchema.parse(await json('transactions')).items).toHaveLength(1);
  });

  it('narrows the transactions and pages through them', async () => {
    for (const id of ['tx-2', 'tx-3']) {
      const error = { code: 'NO_SPACE', message: 'disk full', errno: 'ENOSPC' } as const;
      const ended = { state: 'rolled-back', outcome: 'rolled-back', operation: 'rename', error } as const;
      bench.controlPlane.addTransaction({ id, path: '/a b', to: '/c&d', ...ended });
    }
    const filters = [
      '--state',
      'ended',
      '--outcome',
      'rolled-back',
      '--op',
      'rename',
      '--path-prefix',
      '/a b',
    ];
    const { out } = await here('transactions', ...filters, '--mirror', 'web1', '--limit', '1');
    expect(out).toMatch(/^tx-3 +.*\/a b -> \/c&d +rolled-back .* ENOSPC disk full$/m);
    expect(out).not.toContain('tx-2');
    expect(out).toContain('more with --cursor tx-3\n');
    expect((await here('transactions', ...filters, '--cursor', 'tx-3')).out).toMatch(/^tx-2 /m);
    expect((await here('transactions', '--op', 'mkdir')).out).toBe('none\n');
  });

  it('asks on until it has as many transactions as were wanted', async () => {
    for (const id of ['tx-2', 'tx-3', 'tx-4']) bench.controlPlane.addTransaction({ id });
    bench.controlPlane.transactionsPerAnswer = 1;
    const listed = async (...args: string[]) => {
      const { out } = await here('transactions', '--json', ...args);
      const { items, nextCursor } = transactionListSchema.parse(JSON.parse(out));
      return [...items.map(({ id }) => id), nextCursor];
    };
    expect(await listed()).toEqual(['tx-4', 'tx-3', 'tx-2', 'tx-1', null]);
    expect(await listed('--limit', '3')).toEqual(['tx-4', 'tx-3', 'tx-2', 'tx-2']);
    expect(await listed('--limit', '3', '--cursor', 'tx-3')).toEqual(['tx-2', 'tx-1', null]);
  });

  it('takes a time, or how long ago', async () => {
    const minutesAgo = (count: number) => new Date(Date.now() - count * 60_000).toISOString();
    bench.controlPlane.addTransaction({ id: 'tx-2', startedAt: minutesAgo(90) });
    bench.controlPlane.addTransaction({ id: 'tx-3', startedAt: minutesAgo(10) });
    for (const [since, first, second] of [
      ['30m', true, false],
      ['2h', true, true],
      ['1d', true, true],
      [minutesAgo(20), true, false],
    ] as const) {
      const { out } = await here('transactions', '--since', since);
      expect([since, out.includes('tx-3'), out.includes('tx-2')]).toEqual([since, first, second]);
    }
    expect((await here('transactions', '--since', 'yesterday')).err).toContain('/query/since');
  });

  it('shows one transaction with its steps', async () => {
    const { out } = await here('transactions', 'tx-1');
    expect(out).toMatch(/^tx-1 .* \/index.html +applying/m);
    expect(out).toMatch(/^AFTER +MIRROR +STATE +ATTEMPT +ERROR$/m);
    expect(out).toMatch(/^1 ms +web1 +retrying +1 +slow \(MIRROR_TIMEOUT\)$/m);
    const json = JSON.parse((await here('transactions', 'tx-1', '--json')).out) as unknown;
    expect(transactionDetailSchema.parse(json).timeline).toHaveLength(2);
    expect(await here('transactions', 'tx-9')).toMatchObject({ code: 1, out: '' });
  });

  it('lets no file name act on the terminal, in tables or in JSON', async () => {
    const path = '/\x1b]0;owned\x07\x9b31m\u202Egpj\nID  STARTED';
    bench.controlPlane.addTransaction({ id: 'tx-9', path });
    const text = (await here('transactions')).out;
    const json = (await here('transactions', '--json')).out;
    for (const out of [text, json]) expect(out).not.toMatch(/[^\n\P{C}]/u);
    expect(text.match(/STARTED/g)).toHaveLength(2);
    expect(text.split('\n').filter((line) => line.startsWith('ID'))).toHaveLength(1);
    expect(transactionListSchema.parse(JSON.parse(json)).items[0]?.path).toBe(path);
  });

  it('finds the token in a file, and the appliance below a path', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rest-commands-'));
    const file = join(directory, 'token');
    await writeFile(file, `${TEST_TOKEN}\n`);
    expect((await proxyfs(['mirrors', '--url', bench.url], { PROXYFS_TOKEN_FILE: file })).code).toBe(0);
    await rm(directory, { recursive: true });
    expect((await proxyfs(['mirrors', '--url', bench.url], { PROXYFS_TOKEN_FILE: file })).code).toBe(78);
    const below = await proxyfs(['mirrors', '--url', `${bench.url}/sub/path`]);
    expect([below.code, below.err]).toEqual([1, 'proxyfs: No such resource\n']);
  });
});

describe('changing', () => {
  it('detaches with a reason and attaches again', async () => {
    const detached = await here('detach', 'web1', '--reason', 'new disk');
    expect(detached.out).toMatch(/^web1 +disabled \(detached\) .* new disk \(MIRROR_DISABLED\)$/m);
    expect((await here('detach', 'web1')).out).toContain('nothing to change');
    expect((await here('attach', 'web1')).code).toBe(0);
    expect(bench.controlPlane.mirror('web1')?.detached).toBe(false);
  });

  it('retries a transaction or a mirror, and cancels a transaction once', async () => {
    expect((await here('retry', 'tx-1')).out).toBe('retry of tx-1 is under way\n');
    expect((await here('retry', '--mirror', 'web1')).code).toBe(0);
    expect(JSON.parse((await here('cancel', 'tx-1', '--reason', 'why', '--json')).out)).toEqual({
      accepted: true,
      transaction: 'tx-1',
    });
    expect((await bench.controlPlane.transaction('tx-1'))?.error?.message).toBe('why');
    const late = await here('cancel', 'tx-1');
    expect([late.code, late.out, late.err]).toEqual([1, '', 'proxyfs: It is already decided\n']);
  });

  it('takes a mirror in, changes and removes it', async () => {
    const added = await here(
      'add-mirror',
      'web2',
      '--host',
      'b',
      '--path',
      '/b',
      '--no-required',
      '--port',
      '22',
    );
    expect([added.code, added.err]).toEqual([0, '']);
    expect(added.out).toContain('web2');
    expect((await here('add-mirror', 'web2', '--host', 'b', '--path', '/b')).code).toBe(1);
    const changed = await here(
      'change-mirror',
      'web2',
      '--path',
      '/c',
      '--default',
      'bandwidth-limit',
      'user',
    );
    expect([changed.code, changed.out]).toEqual([0, expect.stringContaining('/c')]);
    expect((await here('remove-mirror', 'web2')).out).toBe(
      'web2 is no mirror any more; its files are still there\n',
    );
    expect((await here('remove-mirror', 'web2')).code).toBe(1);
    expect((await here('add-mirror', 'web3')).err).toContain('/host');
    expect((await here('add-mirror', 'web3', '--port', 'x')).code).toBe(2);
  });

  it('switches writing off and on', async () => {
    expect((await here('mode', 'read-only', '--reason', 'moving house')).out).toBe(
      'read-only: moving house\n',
    );
    expect((await here('status')).out).toContain('read-only');
    expect((await here('mode', 'read-write', '--json')).out).toContain('"changed": true');
    expect((await here('mode', 'nothing')).code).toBe(2);
  });

  it('reaches mirrors of any name', async () => {
    bench.controlPlane.addMirror({ id: 'räck 1/b?' });
    expect((await here('detach', 'räck 1/b?')).code).toBe(0);
    expect(bench.controlPlane.mirror('räck 1/b?')?.detached).toBe(true);
  });
});

describe('the exit code', () => {
  it('is 1 when the appliance refuses, with each mistake by its place', async () => {
    expect(await here('detach', 'nobody')).toEqual({
      code: 1,
      out: '',
      err: 'proxyfs: There is no such mirror\n',
    });
    const { code, err } = await here('transactions', '--limit', '1000');
    expect(code).toBe(1);
    expect(err).toContain('/query/limit');
  });

  it('is 2 for wrong usage', async () => {
    const wrong = [
      ['detach'],
      ['retry'],
      ['retry', 'tx-1', '--mirror', 'web1'],
      ['transactions', '--op', 'shred'],
      ['status', '--url', 'no url'],
      ['status', '--url', 'ftp://127.0.0.1'],
      ['status', '--url', 'http://user:secret@127.0.0.1'],
      ['cancel', 'tx-1', '--reason', 'x'.repeat(501)],
      ['status', '--colour'],
    ];
    for (const args of wrong) expect([args, (await proxyfs(args)).code]).toEqual([args, 2]);
  });

  it('is 0 for help', async () => {
    const { code, out } = await proxyfs(['transactions', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('--path-prefix');
  });

  it('is 69 when nothing listens there', async () => {
    await bench.stop();
    const { code, err } = await here('status');
    expect([code, err]).toEqual([69, `proxyfs: ${bench.url} cannot be reached: nothing listens there\n`]);
  });

  it('is 77 where the token is not for that', async () => {
    const call = (args: readonly string[], token = TEST_TOKEN) =>
      proxyfs([...args, '--url', bench.url], { PROXYFS_TOKEN: token });
    const { code, out } = await call(['add-token', 'viewer', '--days', '30']);
    expect(code).toBe(0);
    const viewer = out.trim();
    expect((await call(['mirrors'], viewer)).code).toBe(0);
    const refused = await call(['detach', 'web1'], viewer);
    expect([refused.code, refused.err]).toEqual([
      77,
      'proxyfs: This needs the scope operate, and the token has read\n',
    ]);
    expect((await call(['tokens'])).out).toMatch(/^NAME.*\nviewer +read /);
    expect((await call(['revoke-token', 'viewer'])).out).toBe('viewer is revoked\n');
    expect((await call(['mirrors'], viewer)).code).toBe(77);
    expect((await call(['revoke-token', 'viewer'])).code).toBe(1);
  });

  it('is 77 without a token and with a wrong one', async () => {
    expect((await proxyfs(['status', '--url', bench.url], {})).code).toBe(77);
    const wrong = await proxyfs(['status', '--url', bench.url], { PROXYFS_TOKEN: 'wrong' });
    expect([wrong.code, wrong.err]).toEqual([77, 'proxyfs: A valid token is needed\n']);
  });

  it('is 78 for a token that is none', async () => {
    expect((await proxyfs(['status', '--url', bench.url], { PROXYFS_TOKEN: 'two\nlines' })).code).toBe(78);
  });

  it('is 1 when something else answers', async () => {
    const other = createServer((_request, response) => void response.end('<h1>hello</h1>'));
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, err } = await proxyfs(['status', '--url', url]);
    expect([code, err]).toEqual([1, `proxyfs: ${url} answers differently: is it another version?\n`]);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });
});
