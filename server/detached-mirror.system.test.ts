import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MirrorView } from '../shared/api.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { everyMirrorInSync } from './testing/replicas.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';

const HEAL_LIMIT_MS = 20_000;

let mirrors: SshdMirror[];
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirrors = await Promise.all(['m1', 'm2'].map((name) => startSshdMirror({ name })));
  appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()) });
  await appliance.start();
});

afterAll(async () => {
  await appliance.stop();
  for (const mirror of mirrors) await mirror.stop();
});

async function second(): Promise<MirrorView> {
  return (await appliance.api('/api/v1/mirrors/m2')).body as MirrorView;
}

async function operatorDoes(change: 'detach' | 'attach'): Promise<void> {
  const answer = await appliance.api(`/api/v1/mirrors/m2/${change}`, { method: 'POST' });
  expect(answer).toMatchObject({ status: 200, body: { changed: true } });
}

async function killAndStart(): Promise<void> {
  await appliance.kill9();
  await appliance.start();
}

it('stays detached over a kill -9 right after the answer, and attached over another', async () => {
  await operatorDoes('detach');
  await killAndStart();
  expect(await second()).toMatchObject({ detached: true, link: 'disabled' });
  const written = await appliance.inMount('sh', ['-c', 'echo first > without-it']);
  expect(written).toMatchObject({ code: 0, stderr: '' });
  await operatorDoes('attach');
  await killAndStart();
  expect(await second()).toMatchObject({ detached: false });
  await everyMirrorInSync(appliance, HEAL_LIMIT_MS);
});

it('catches up when it is attached after a start, with what was written without it', async () => {
  await operatorDoes('detach');
  await killAndStart();
  const written = await appliance.inMount('sh', ['-c', 'echo last > without-it']);
  expect(written).toMatchObject({ code: 0, stderr: '' });
  await operatorDoes('attach');
  await everyMirrorInSync(appliance, HEAL_LIMIT_MS);
  expect(await readFile(join(mirrors[1]?.root ?? '', 'without-it'), 'utf8')).toBe('last\n');
});
