import { chmod, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttentionItem, MirrorView, Overview } from '../shared/api.ts';
import type { JobItems, JobList, JobView } from '../shared/jobs.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const PLANTED_S = 1_600_000_000;
/** What needs a person after a scrub that was only to report. */
const LEFT_AT_FIRST = {
  mirror: 'm1',
  code: 'MIRROR_DIVERGED',
  message: expect.stringContaining('left 1 differences'),
};
const HEAL_LIMIT_MS = 20_000;

let first: SshdMirror;
let second: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  [first, second] = await Promise.all([startSshdMirror({ name: 'm1' }), startSshdMirror({ name: 'm2' })]);
  appliance = new ApplianceProcess({
    mirrors: [first.config(), second.config({ required: false, bandwidthLimit: 64 * 1024 })],
    configuration: { scrub: { every: '1d', rate_limit: '64K' } },
  });
  await appliance.prepare();
  for (const [root, mode] of [
    [appliance.localPath, 0o640],
    [first.root, 0o666],
  ] as const) {
    await writeFile(join(root, 'file'), 'content');
    await utimes(join(root, 'file'), PLANTED_S, PLANTED_S);
    await chmod(join(root, 'file'), mode);
  }
  await second.kill();
  await appliance.start();
});

afterAll(async () => {
  await appliance.stop();
  await first.stop();
  await second.stop();
});

async function jobs(): Promise<JobView[]> {
  return ((await appliance.api('/api/v1/jobs')).body as JobList).items;
}

async function scrubbed(mirror: string): Promise<JobView> {
  const ended = async () => (await jobs()).find((job) => job.mirror === mirror && job.endedAt !== undefined);
  return waitUntil(`${mirror} is scrubbed`, ended, HEAL_LIMIT_MS);
}

async function begin(request: object): Promise<JobView> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  };
  return (await appliance.api('/api/v1/jobs', init)).body as JobView;
}

async function attention(): Promise<AttentionItem[]> {
  return ((await appliance.api('/api/v1/overview')).body as Overview).attention;
}

async function lastScrubOf(mirror: string): Promise<string | null> {
  return ((await appliance.api(`/api/v1/mirrors/${mirror}`)).body as MirrorView).lastScrubAt;
}

it('scrubs each mirror when it is there, changes nothing, and knows after a restart that it has', async () => {
  const job = await scrubbed('m1');
  expect(job).toMatchObject({ type: 'scrub', startedBy: 'schedule', state: 'done', divergences: 1 });
  const { divergences } = (await appliance.api(`/api/v1/jobs/${job.id}/items`)).body as JobItems;
  expect(divergences).toMatchObject([{ mirror: 'm1', path: '/file', kinds: ['mode'] }]);
  expect((await stat(join(first.root, 'file'))).mode & 0o777).toBe(0o666);
  expect(await lastScrubOf('m2')).toBeNull();
  expect(await attention()).toContainEqual(expect.objectContaining(LEFT_AT_FIRST));

  await second.restart();
  await appliance.api('/api/v1/mirrors/m2/retry', { method: 'POST' });
  expect(await scrubbed('m2')).toMatchObject({ startedBy: 'schedule', state: 'done' });
  expect(await jobs()).toHaveLength(2);
  const before = await Promise.all(['m1', 'm2'].map(lastScrubOf));
  await appliance.restart();
  expect(before).not.toContain(null);
  expect(await Promise.all(['m1', 'm2'].map(lastScrubOf))).toEqual(before);
  expect(await attention()).toMatchObject([LEFT_AT_FIRST]);
});

it('keeps jobs over a kill: what was found, what is over, and what goes on from the beginning', async () => {
  // Too small to be hashed by the server: at the limits this takes minutes.
  const files = 'for k in 1 2 3 4 5 6 7 8 9; do head -c 1000000 /dev/urandom > $k; done';
  const written = await appliance.inMount('sh', ['-c', files]);
  expect(written.code).toBe(0);
  const before = await jobs();
  const scrub = await begin({ type: 'scrub', mirror: 'm1', compare: 'content' });
  const dry = await begin({ type: 'resync', mirror: 'm2', compare: 'content', dryRun: true });
  const find = async ({ id }: JobView) => (await jobs()).find((job) => job.id === id);
  await waitUntil('content is read', async () => ((await find(scrub))?.comparedBytes ?? 0) > 0);
  await appliance.api(`/api/v1/jobs/${scrub.id}/pause`, { method: 'POST' });
  await waitUntil('it is kept as paused', async () => {
    const file = join(appliance.localPath, '.proxyfs/jobs', `${scrub.id}.json`);
    return /"state":"paus(ing|ed)"/.test(await readFile(file, 'utf8'));
  });
  await appliance.kill9();
  await appliance.start();
  expect((await jobs()).map(({ id }) => id)).toEqual([dry.id, scrub.id, ...before.map(({ id }) => id)]);
  expect((await jobs()).slice(2)).toEqual(before);
  const [found] = before.filter(({ divergences }) => divergences > 0);
  const { divergences } = (await appliance.api(`/api/v1/jobs/${found?.id}/items`)).body as JobItems;
  expect(divergences).toMatchObject([{ mirror: 'm1', path: '/file', kinds: ['mode'] }]);
  expect(await find(dry)).toMatchObject({ state: 'interrupted', error: { code: 'SHUTTING_DOWN' } });
  await waitUntil('it is paused again', async () => (await find(scrub))?.state === 'paused');
  await appliance.api(`/api/v1/jobs/${scrub.id}/resume`, { method: 'POST' });
  await waitUntil('it reads again', async () => ((await find(scrub))?.comparedBytes ?? 0) > 0);
  expect(await find(scrub)).toMatchObject({ state: 'running', restarts: 1 });

  await appliance.restart();
  await waitUntil('it reads once more', async () => ((await find(scrub))?.comparedBytes ?? 0) > 0);
  expect(await find(scrub)).toMatchObject({ state: 'running', restarts: 2 });
  await appliance.api(`/api/v1/jobs/${scrub.id}/cancel`, { method: 'POST' });
  await waitUntil('it is cancelled', async () => (await find(scrub))?.state === 'cancelled');
  const resync = await begin({ type: 'resync', mirror: 'm1' });
  await waitUntil('it is resynced', async () => (await find(resync))?.state === 'done');
  expect(await attention()).toEqual([]);
});
