import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MirrorList, TransactionList } from '../shared/api.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

/** Two attempts at their limit, the pause between, and what a busy machine adds. */
const CALL_BOUND_MS = 2 * 1000 + 200 + 3000;

let durable: SshdMirror;
let lesser: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  durable = await startSshdMirror({ name: 'durable', logsRequests: true });
  lesser = await startSshdMirror({ name: 'lesser', logsRequests: true, sftpFlags: '-P fsync' });
  appliance = new ApplianceProcess({
    mirrors: [durable, lesser].map((mirror) => mirror.config()),
    configuration: { tries: { times: 2, wait: [0.2] }, timeout: 1 },
  });
  await appliance.start();
});

afterAll(async () => {
  await durable?.thaw();
  await appliance?.stop();
  await durable?.stop();
  await lesser?.stop();
});

const flush = (name: string, dataOnly = false) =>
  appliance.inMount('sync', dataOnly ? ['-d', name] : [name], {});

async function inSync(): Promise<boolean> {
  const { items } = (await appliance.api('/api/v1/mirrors')).body as MirrorList;
  return items.every(({ link, content }) => link === 'up' && content === 'in-sync');
}

describe('fsync on the mount', () => {
  it('reaches the disk of every mirror whose server can, and succeeds without on the other', async () => {
    const script = 'exec 3> file; echo content >&3; sync file; echo more >&3; sync -d file';
    expect(await appliance.inMount('sh', ['-c', script])).toMatchObject({ code: 0, stderr: '' });
    const requests = durable.changesOf('file');
    expect(requests.filter((request) => request === 'fsync')).toHaveLength(2);
    // The mtime, which is to be on the disk with the data.
    expect(requests.indexOf('set')).toBeLessThan(requests.indexOf('fsync'));
    expect(lesser.changesOf('file')).not.toContain('fsync');
    const { items } = (await appliance.api('/api/v1/mirrors')).body as MirrorList;
    expect(items.map(({ id, capabilities }) => [id, capabilities?.lacks])).toEqual([
      ['durable', []],
      ['lesser', ['fsync does not reach its disk']],
    ]);
  });

  it('of a file without a name concerns the local disk alone', async () => {
    const script = 'import os; f = os.open("gone", os.O_CREAT | os.O_RDWR); os.unlink("gone"); os.fsync(f)';
    expect(await appliance.inMount('python3', ['-c', script])).toMatchObject({ code: 0 });
    expect(durable.changesOf('gone')).not.toContain('fsync');
  });

  it('of a directory succeeds, though SFTP has no form for it', async () => {
    expect(await flush('.')).toMatchObject({ code: 0 });
  });

  it('fails in time where a required mirror is silent, and the API says why', async () => {
    await durable.freeze();
    const { code, stderr, elapsedMs } = await flush('file');
    await durable.thaw();
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Connection timed out|Input\/output error/);
    expect(elapsedMs).toBeLessThan(CALL_BOUND_MS);
    const { body } = await appliance.api('/api/v1/transactions?op=fsync&outcome=rolled-back');
    const [told] = (body as TransactionList).items;
    expect(told).toMatchObject({ operation: 'fsync', path: '/file' });
    expect(told?.participants.find(({ mirror }) => mirror === 'durable')).toMatchObject({
      state: 'failed',
      error: { code: expect.stringMatching(/^MIRROR_(TIMEOUT|UNREACHABLE)$/) },
    });
    await waitUntil('both mirrors are in sync', inSync, 20_000);
  });

  it('fails with EIO where a required mirror is gone, and succeeds when it is back', async () => {
    await durable.kill();
    const gone = await flush('file');
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('Input/output error')]);
    await durable.restart();
    await waitUntil('both mirrors are in sync', inSync, 20_000);
    expect(await flush('file')).toMatchObject({ code: 0, stderr: '' });
  });
});
