import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Overview, TransactionDetail, TransactionList, TransactionView } from '../shared/api.ts';
import type { MirrorMetrics } from '../shared/mirror-metrics.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

/** What ended so long before a kill is kept, with what a busy machine adds. */
const WRITTEN_LIMIT_MS = 5000;

let mirror: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirror = await startSshdMirror({ name: 'm1' });
  appliance = new ApplianceProcess({
    mirrors: [mirror.config()],
    configuration: { tries: { times: 2, wait: [0.1] }, timeout: 1 },
  });
  await appliance.start();
});
afterAll(async () => {
  await appliance.stop();
  await mirror.stop();
});

async function get<Answer>(path: string): Promise<Answer> {
  const { status, body } = await appliance.api(`/api/v1${path}`);
  expect({ path, status }).toEqual({ path, status: 200 });
  return body as Answer;
}

async function ended(query = ''): Promise<readonly TransactionView[]> {
  return (await get<TransactionList>(`/transactions?state=ended&limit=200${query}`)).items;
}

function inMount(script: string) {
  return appliance.inMount('sh', ['-c', script]);
}

async function inFiles(transactions: readonly TransactionView[]): Promise<boolean> {
  const directory = join(appliance.localPath, '.proxyfs/history');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.lines'));
  const content = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return transactions.every(({ id }) => content.join('').includes(id));
}

it('keeps what was done, and what failed with its attempts, over a kill and a clean stop', async () => {
  expect((await inMount('mkdir d && echo 1 > d/one && mv d/one d/two')).code).toBe(0);
  await mirror.kill();
  expect((await inMount('mkdir refused')).code).not.toBe(0);
  await mirror.restart();
  await appliance.api('/api/v1/mirrors/m1/retry', { method: 'POST' });
  const [failed] = await ended('&outcome=rolled-back&pathPrefix=/refused');
  const before = await ended();
  expect(before.map(({ path, operation }) => `${operation} ${path}`)).toEqual(
    expect.arrayContaining(['mkdir /d', 'rename /d/one', 'mkdir /refused']),
  );
  const detail = await get<TransactionDetail>(`/transactions/${failed?.id}`);
  expect(detail.timeline.filter((step) => step.mirror === 'm1').map(({ state }) => state)).toEqual(
    expect.arrayContaining(['applying', 'retrying', 'failed']),
  );
  const { outcomes24h } = await get<Overview>('/overview');

  await waitUntil('all is in the files', () => inFiles(before), WRITTEN_LIMIT_MS);
  await appliance.kill9();
  await appliance.start();
  const idsBefore = before.map(({ id }) => id);
  const afterKill = await ended();
  expect(afterKill.map(({ id }) => id).filter((id) => idsBefore.includes(id))).toEqual(idsBefore);
  expect(await get<TransactionDetail>(`/transactions/${failed?.id}`)).toEqual(detail);
  await waitUntil('the outcomes are counted', async () => {
    const { outcomes24h: now } = await get<Overview>('/overview');
    return now.committed >= outcomes24h.committed && now.rolledBack >= outcomes24h.rolledBack;
  });

  const write = async () => (await inMount('echo 3 > d/three')).code === 0;
  await waitUntil('it can be written to', write);
  const beforeStop = await ended();
  expect(beforeStop.some(({ path }) => path === '/d/three')).toBe(true);
  await appliance.restart();
  const idsAfterStop = (await ended()).map(({ id }) => id);
  expect(idsAfterStop.slice(-beforeStop.length)).toEqual(beforeStop.map(({ id }) => id));
});

it('keeps the metrics of a mirror over a clean stop', async () => {
  const points = async () => (await get<MirrorMetrics>('/mirrors/m1/metrics?range=7d')).points;
  const sentBytes = async () => (await points()).reduce((sum, point) => sum + point.sentBytes, 0);
  expect((await inMount('head -c 1000000 /dev/urandom > d/large')).code).toBe(0);
  await waitUntil('what was sent shows', async () => (await sentBytes()) > 1_000_000);
  const before = await sentBytes();
  await appliance.restart();
  expect(await sentBytes()).toBeGreaterThanOrEqual(before);
  const [first] = await points();
  expect(first?.rttMs?.p50).toBeGreaterThan(0);
});
