import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MirrorView } from '../shared/api.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

let mirror: SshdMirror;
let first: ApplianceProcess;
let second: ApplianceProcess;

beforeEach(async () => {
  mirror = await startSshdMirror({ name: 'm1' });
  [first, second] = [applianceOf(), applianceOf()];
  await second.prepare();
  await first.start();
  await write(first, 'file', 'first');
});

afterEach(async () => {
  await first?.stop();
  await second?.stop();
  await mirror?.stop();
});

function applianceOf(): ApplianceProcess {
  return new ApplianceProcess({
    mirrors: [mirror.config()],
    configuration: { tries: { times: 1, wait: [] }, timeout: 2 },
  });
}

const onMirror = (name: string) => readFile(join(mirror.root, name), 'utf8');

async function write(appliance: ApplianceProcess, name: string, text: string): Promise<void> {
  expect(await appliance.inMount('sh', ['-c', `printf %s ${text} > ${name}`])).toMatchObject({ code: 0 });
}

/** Makes the local tree and the state of one appliance those of another, as from a backup. */
async function restore(from: string, to: ApplianceProcess): Promise<void> {
  for (const name of await readdir(to.localPath)) {
    await rm(join(to.localPath, name), { recursive: true });
  }
  await cp(from, to.localPath, { recursive: true, preserveTimestamps: true });
}

async function viewOf(appliance: ApplianceProcess): Promise<MirrorView> {
  const { items } = (await appliance.api('/api/v1/mirrors')).body as { items: MirrorView[] };
  const [view] = items;
  if (!view) throw new Error('the appliance has no mirror');
  return view;
}

async function refusedFor(appliance: ApplianceProcess, code: string): Promise<string> {
  const reason = await waitUntil(`m1 is refused for ${code}`, async () => {
    const view = await viewOf(appliance);
    return view.reason?.code === code ? view.reason : undefined;
  });
  return reason.message;
}

const isInSync = async (appliance: ApplianceProcess) => {
  const { link, content } = await viewOf(appliance);
  return link === 'up' && content === 'in-sync';
};

describe('two appliances on one mirror', () => {
  it('the second is refused while the first runs, and goes on at once after a kill -9 of it', async () => {
    await first.restart();
    await restore(first.localPath, second);
    await second.start();
    expect(await refusedFor(second, 'MIRROR_HELD')).toContain('stop one of the two');
    const refused = await second.inMount('sh', ['-c', 'echo second > file']);
    expect([refused.code, await onMirror('file')]).toEqual([2, 'first']);
    await first.kill9();
    expect((await second.api('/api/v1/mirrors/m1/retry', { method: 'POST' })).status).toBe(200);
    await waitUntil('the second has the mirror', () => isInSync(second), 20_000);
    expect(second.log.last('lease-taken-over')).toMatchObject({ standing: 'left' });
    await write(second, 'file', 'second');
    expect(await onMirror('file')).toBe('second');
    // The mirror has gone on without the first one: it is not let in again.
    await second.terminate();
    await first.start();
    expect(await refusedFor(first, 'ADOPTION_NEEDED')).toContain('/file');
    expect(await onMirror('file')).toBe('second');
  });

  it('the one whose lease was taken over is out, loudly, and what it writes then is nowhere', async () => {
    const file = join(mirror.root, '.proxyfs/lease.json');
    const lease = JSON.parse(await readFile(file, 'utf8')) as object;
    const holder = { host: 'elsewhere', pid: 17 };
    await writeFile(`${file}.new`, JSON.stringify({ ...lease, startId: 'another', holder }));
    await rename(`${file}.new`, file);
    await waitUntil('the loss is noticed', () => first.log.last('lease-lost'), 20_000);
    expect(await refusedFor(first, 'MIRROR_HELD')).toContain('elsewhere');
    expect(await viewOf(first)).toMatchObject({ content: 'unknown' });
    expect((await first.inMount('sh', ['-c', 'echo late > file'])).code).toBe(2);
    expect([await onMirror('file'), await readFile(join(first.localPath, 'file'), 'utf8')]).toEqual([
      'first',
      'first',
    ]);
  });
});

describe('an appliance restored from an older copy, tree and state', () => {
  it('is refused by its mirror, however often it starts, and the newest goes on', async () => {
    await first.terminate();
    const [older, newest] = [`${first.localPath}-older`, `${first.localPath}-newest`];
    await cp(first.localPath, older, { recursive: true, preserveTimestamps: true });
    for (const text of ['newer', 'newest']) {
      await first.start();
      await write(first, 'file', text);
      await first.terminate();
    }
    await rename(first.localPath, newest);
    await cp(older, first.localPath, { recursive: true, preserveTimestamps: true });
    for (const code of ['ROLLED_BACK', 'ADOPTION_NEEDED']) {
      await first.start();
      expect(await refusedFor(first, code)).toMatch(/remove \.proxyfs|Empty that directory/);
      expect(await onMirror('file')).toBe('newest');
      await first.terminate();
    }
    await rm(first.localPath, { recursive: true });
    await rename(newest, first.localPath);
    await first.start();
    await waitUntil('the newest has its mirror', () => isInSync(first));
    expect(await compareTrees([first.localPath, mirror.root])).toEqual([]);
  });
});

describe('a local directory that is not the one it was', () => {
  it('with an empty one, as when its disk is not mounted, nothing is deleted anywhere', async () => {
    await first.terminate();
    for (const name of await readdir(first.localPath)) {
      await rm(join(first.localPath, name), { recursive: true });
    }
    await first.start();
    expect(await refusedFor(first, 'FOREIGN_REPLICA')).toContain('remove .proxyfs there');
    expect(await onMirror('file')).toBe('first');
  });

  it('with one that lost its identity beside its journal it does not start', async () => {
    await first.terminate();
    await rm(join(first.localPath, '.proxyfs/replica.json'));
    first.launch();
    expect(await first.exited()).toMatchObject({ code: 1 });
    expect(first.log.tail()).toContain('is its disk mounted?');
    expect(await onMirror('file')).toBe('first');
  });
});
