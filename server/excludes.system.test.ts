import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { MirrorView, Overview } from '../shared/api.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { noneLeft } from './testing/none-left.ts';
import { everyMirrorInSync } from './testing/replicas.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const IN_SYNC_LIMIT_MS = 20_000;
const LEFT_OUT = /^cache(\/|$)|\.tmp$/;

let mirrors: [SshdMirror, SshdMirror];
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirrors = await Promise.all([startSshdMirror({ name: 'm1' }), startSshdMirror({ name: 'm2' })]);
  appliance = new ApplianceProcess({
    mirrors: mirrors.map((mirror) => mirror.config()),
    configuration: { exclude: ['/cache/', '*.tmp'], tries: { times: 1, wait: [] }, timeout: 1 },
  });
  await appliance.prepare();
  await mkdir(join(mirrors[0].root, 'cache'));
  await writeFile(join(mirrors[0].root, 'cache/theirs'), 'theirs');
  await appliance.start();
});

afterAll(async () => {
  await appliance.stop();
  for (const mirror of mirrors) await mirror.stop();
});

async function shell(script: string, code = 0): Promise<string> {
  const ended = await appliance.inMount('sh', ['-ec', script]);
  expect(ended, `${script}\n${ended.stderr}`).toMatchObject({ code });
  return ended.stderr;
}

async function mode(): Promise<string> {
  return ((await appliance.api('/api/v1/overview')).body as Overview).mode;
}

async function second(): Promise<MirrorView> {
  return (await appliance.api('/api/v1/mirrors/m2')).body as MirrorView;
}

/** Times of directories follow a moment after what was changed in them. */
async function expectEqual(leaveOut?: RegExp): Promise<void> {
  const roots = [appliance.localPath, ...mirrors.map(({ root }) => root)];
  await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
  await noneLeft(() => compareTrees(roots, leaveOut && { leaveOut }));
}

async function excludeFromNowOn(exclude: readonly string[]): Promise<void> {
  await appliance.terminate();
  const file = parse(await readFile(appliance.configFile, 'utf8')) as object;
  await writeFile(appliance.configFile, stringify({ ...file, exclude }));
  await appliance.start();
}

it('works on excluded paths while a required mirror is down, and on no others', async () => {
  await shell('mkdir dir; echo first > dir/file');
  await mirrors[1].kill();
  await waitUntil('the appliance is blocked', async () => (await mode()) === 'blocked');
  await shell(`
    mkdir -p cache/sub; echo one > cache/a; mv cache/a cache/sub/b; ln cache/sub/b cache/c; ln -s c cache/d
    chmod 600 cache/c; chown 1234:4321 cache/d -h; touch -d 2001-02-03 cache/c; truncate -s 2 cache/c
    python3 -c 'import os; fd = os.open("cache/c", os.O_RDWR); os.fsync(fd)'
    echo local > dir/a.tmp; echo more >> dir/a.tmp; rm cache/d; rmdir cache/sub || rm -r cache/sub`);
  expect(await readFile(join(appliance.localPath, 'dir/a.tmp'), 'utf8')).toBe('local\nmore\n');
  expect(await shell('echo refused > dir/other', 2)).toMatch(/error/);
  await mirrors[1].restart();
  await expectEqual(LEFT_OUT);
  expect(await readdir(join(mirrors[1].root, 'dir'))).toEqual(['file']);
  expect(await readdir(join(mirrors[0].root, 'cache'))).toEqual(['theirs']);
});

it('is another file system for rename and link', async () => {
  const call = (name: string, from: string, to: string) =>
    shell(`python3 -c 'import os; os.${name}("${from}", "${to}")'`, 1);
  expect(await call('rename', 'dir/file', 'dir/file.tmp')).toContain('Invalid cross-device link');
  expect(await call('link', 'cache/c', 'c')).toContain('Invalid cross-device link');
  await shell('mv dir/file cache/file; mv cache/file dir/file; cp -a dir copy; mv copy moved');
  await expectEqual(LEFT_OUT);
});

it('lets a scrub by content find nothing, and keeps it over a kill -9', async () => {
  await appliance.kill9();
  await appliance.start();
  await expectEqual(LEFT_OUT);
  const program = [join(import.meta.dirname, '../dist/server/main.cjs'), 'scrub', '--content'];
  const options = { env: { PROXYFS_TOKEN: appliance.token }, timeoutMs: 60_000 };
  const scrub = await runCommand(process.execPath, [...program, '--url', appliance.url], options);
  expect(scrub, scrub.stderr + scrub.stdout).toMatchObject({ code: 0 });
});

it('compares all when other paths are excluded, but removes nothing that was never ours', async () => {
  await excludeFromNowOn(['/moved/']);
  const { reason } = await waitUntil('the other mirror is in sync, and this one refused', async () => {
    const { items } = (await appliance.api('/api/v1/mirrors')).body as { items: MirrorView[] };
    const [first, other] = items;
    return other?.content === 'in-sync' && first?.reason?.code === 'ADOPTION_NEEDED' ? first : undefined;
  });
  expect(reason?.message).toContain('/cache/theirs');
  await rm(join(mirrors[0].root, 'cache/theirs'));
  await appliance.api('/api/v1/mirrors/m1/retry', { method: 'POST' });
  await expectEqual(/^moved(\/|$)/);
  expect((await second()).content).toBe('in-sync');
  const before = await readdir(join(mirrors[0].root, 'moved'));
  await shell('rm -r moved');
  await expectEqual(/^moved(\/|$)/);
  expect(await readdir(join(mirrors[0].root, 'moved'))).toEqual(before);
});
