import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MirrorList } from '../shared/api.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { noneLeft } from './testing/none-left.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

let mirror: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirror = await startSshdMirror({ name: 'm1' });
  const configuration = { tries: { times: 1, wait: [] }, timeout: 2 };
  appliance = new ApplianceProcess({ mirrors: [mirror.config()], configuration });
  await appliance.start();
});
afterAll(async () => {
  await appliance?.stop();
  await mirror?.stop();
});

const onMirror = (name: string) => join(mirror.root, name);

async function viewOfMirror() {
  const { items } = (await appliance.api('/api/v1/mirrors')).body as MirrorList;
  return items[0];
}

async function write(): Promise<void> {
  const script =
    'mkdir d; printf content > d/file; printf other > d/other; mv d e; touch -d @1000000000 e/file';
  expect(await appliance.inMount('sh', ['-c', script])).toMatchObject({ code: 0 });
  await noneLeft(() => compareTrees([appliance.localPath, mirror.root]));
}

/** The server is gone, and what was written last is on its disk as zeros, with size and mtime as they were. */
async function losePower(): Promise<void> {
  await mirror.kill();
  await waitUntil('the loss is noticed', async () => (await viewOfMirror())?.link !== 'up');
  await writeFile(onMirror('e/file'), Buffer.alloc('content'.length));
  await writeFile(onMirror('e/other'), Buffer.alloc(0));
}

async function comesBackWhole(): Promise<void> {
  await waitUntil('the mirror is in sync', async () => {
    const view = await viewOfMirror();
    return view?.link === 'up' && view.content === 'in-sync';
  });
  expect(await readFile(onMirror('e/file'), 'utf8')).toBe('content');
  await noneLeft(() => compareTrees([appliance.localPath, mirror.root]));
}

it('a mirror that lost power has what was written in the last minute put right before it counts as in sync', async () => {
  await write();
  await losePower();
  expect(await viewOfMirror()).toMatchObject({ content: 'stale' });
  await mirror.restart({ rebooted: true });
  await comesBackWhole();
});

it('also when Proxyfs is killed and started again while the mirror is away', async () => {
  await losePower();
  await appliance.kill9();
  await mirror.restart();
  await appliance.start();
  await comesBackWhole();
});

it('a link that was lost while the server stayed up costs no comparison', async () => {
  await mirror.kill();
  await waitUntil('the loss is noticed', async () => (await viewOfMirror())?.link !== 'up');
  // Found by nobody but a scrub: it is not looked at.
  await writeFile(onMirror('e/other'), 'OTHER');
  await mirror.restart();
  await waitUntil('the mirror is in sync', async () => {
    const view = await viewOfMirror();
    return view?.link === 'up' && view.content === 'in-sync';
  });
  expect(await readFile(onMirror('e/other'), 'utf8')).toBe('OTHER');
});
