import { cp, lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MirrorView } from '../shared/api.ts';
import { leaseTimes, parsedLease } from './appliance/lease.ts';
import { ApplianceProcess, type StartChanges } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const RENEW_MS = 500;
const { freshMs } = leaseTimes(RENEW_MS);
/** With leases that are short enough to be waited for. */
const SHORT_LEASES = {
  entry: 'dist/server/testing/stepped-main.js',
  env: { PROXYFS_TEST_MAIN: '1', PROXYFS_TEST_RENEW_MS: String(RENEW_MS) },
};

let mirror: SshdMirror;
let first: ApplianceProcess;
let second: ApplianceProcess;

/** One mirror, and a first appliance that uses it. */
async function begin(changes: StartChanges = {}): Promise<void> {
  mirror = await startSshdMirror({ name: 'm1' });
  [first, second] = [applianceOf(), applianceOf()];
  await second.prepare();
  await first.start(changes);
  await write(first, 'file', 'first');
}

async function end(): Promise<void> {
  await first?.stop();
  await second?.stop();
  await mirror?.stop();
}

function applianceOf(): ApplianceProcess {
  return new ApplianceProcess({
    mirrors: [mirror.config()],
    configuration: { tries: { times: 1, wait: [] }, timeout: 2 },
  });
}

const onMirror = (name: string) => join(mirror.root, name);
const leaseFile = () => onMirror('.proxyfs/lease.json');
const onMirrorNow = (name: string) => readFile(onMirror(name), 'utf8');

function signal({ pid }: ApplianceProcess, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('the appliance does not run');
  process.kill(pid, name);
}

async function change(what: 'detach' | 'attach' | 'retry', appliance = first): Promise<void> {
  const { status } = await appliance.api(`/api/v1/mirrors/m1/${what}`, { method: 'POST' });
  expect(status).toBe(200);
}

async function stateOf(path: string): Promise<string> {
  const found = await lstat(path);
  // What is in a directory shows by itself; another lease is put into that of Proxyfs.
  return found.isDirectory() ? path : `${path} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}

/** Of all files on the mirror, whole and staged, but the lease. */
async function stateOfFiles(): Promise<string> {
  const names = await readdir(mirror.root, { recursive: true });
  const files = names.map(onMirror).filter((path) => path !== leaseFile());
  return (await Promise.all(files.sort().map(stateOf))).join();
}

/** Resolves with the state when that has not changed for so long. */
function quietFor(limitMs: number, stateNow: () => Promise<string>): Promise<string> {
  let seen = { state: '', sinceMs: 0 };
  return waitUntil('nothing changes any more', async () => {
    const state = await stateNow();
    if (state !== seen.state) seen = { state, sinceMs: performance.now() };
    return performance.now() - seen.sinceMs > limitMs ? state : undefined;
  });
}

/** As another machine would; answers the lease that stands there now. */
async function takeLeaseElsewhere(): Promise<string> {
  const file = leaseFile();
  const lease = JSON.parse(await readFile(file, 'utf8')) as object;
  const holder = { host: 'elsewhere', pid: 17 };
  const theirs = JSON.stringify({ ...lease, startId: 'another', holder });
  await writeFile(`${file}.new`, theirs);
  await rename(`${file}.new`, file);
  return theirs;
}

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
  beforeAll(() => begin());
  afterAll(end);

  it('the second is refused while the first runs, and goes on at once after a kill -9 of it', async () => {
    await restore(first.localPath, second);
    await second.start();
    expect(await refusedFor(second, 'MIRROR_HELD')).toContain('stop one of the two');
    const refused = await second.inMount('sh', ['-c', 'echo second > file']);
    expect([refused.code, await onMirrorNow('file')]).toEqual([2, 'first']);
    await first.kill9();
    await change('retry', second);
    await waitUntil('the second has the mirror', () => isInSync(second), 20_000);
    expect(second.log.last('lease-taken-over')).toMatchObject({ standing: 'left' });
    await write(second, 'file', 'second');
    expect(await onMirrorNow('file')).toBe('second');
    // The mirror has gone on without the first one: it is not let in again.
    await second.terminate();
    await first.start();
    expect(await refusedFor(first, 'ADOPTION_NEEDED')).toContain('/file');
    expect(await onMirrorNow('file')).toBe('second');
  });
});

describe('the lease of a running appliance', () => {
  beforeAll(() => begin(SHORT_LEASES));
  afterAll(end);

  it('is left alone by proxyfs check', async () => {
    const holder = async () => parsedLease(await readFile(leaseFile()))?.startId;
    const before = await holder();
    const program = resolve('dist/server/main.cjs');
    const checked = await runCommand(process.execPath, [program, 'check', first.configFile]);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('m1: fine') });
    expect([await holder(), before]).toEqual([before, expect.any(String)]);
    await write(first, 'file', 'as before');
  });

  it('that was frozen for longer than it lasts is still its own when nobody has come', async () => {
    signal(first, 'SIGSTOP');
    await quietFor(freshMs, () => stateOf(leaseFile()));
    signal(first, 'SIGCONT');
    await write(first, 'file', 'afterwards');
    expect(await onMirrorNow('file')).toBe('afterwards');
  });

  it('that was taken over puts it out, loudly, and what it writes then is nowhere', async () => {
    await takeLeaseElsewhere();
    expect(await refusedFor(first, 'MIRROR_HELD')).toContain('elsewhere');
    expect(first.log.last('lease-lost')).toMatchObject({ holder: { host: 'elsewhere' } });
    expect(await viewOf(first)).toMatchObject({ content: 'unknown' });
    expect((await first.inMount('sh', ['-c', 'echo late > file'])).code).toBe(2);
    const here = await readFile(join(first.localPath, 'file'), 'utf8');
    expect([await onMirrorNow('file'), here]).toEqual(['afterwards', 'afterwards']);
    await rm(leaseFile());
    await change('retry');
    await waitUntil('the mirror is let in again', () => isInSync(first));
  });

  it('that was taken over while it was frozen has nothing sent of what was about to be', async () => {
    await change('detach');
    const script = 'head -c 150000000 /dev/zero | split -a 3 -b 2000000 - piece';
    expect(await first.inMount('sh', ['-c', script])).toMatchObject({ code: 0 });
    await change('attach');
    // A repair has more under way than the connection takes at once.
    await waitUntil('much is on its way', async () => (await readdir(mirror.root)).length > 8);
    signal(first, 'SIGSTOP');
    const before = await quietFor(freshMs, stateOfFiles);
    const lease = await takeLeaseElsewhere();
    signal(first, 'SIGCONT');
    expect(await refusedFor(first, 'MIRROR_HELD')).toContain('elsewhere');
    expect(await stateOfFiles()).toBe(before);
    expect(await readFile(leaseFile(), 'utf8')).toBe(lease);
  });
});

describe('an appliance on a local directory that is not the one it was', () => {
  beforeAll(() => begin());
  afterAll(end);

  it('restored from an older copy, tree and state, is refused by its mirror, and the newest goes on', async () => {
    await first.terminate();
    const [older, newest] = [`${first.localPath}-older`, `${first.localPath}-newest`];
    await cp(first.localPath, older, { recursive: true, preserveTimestamps: true });
    await first.start();
    await write(first, 'file', 'newest');
    await first.terminate();
    await rename(first.localPath, newest);
    await rename(older, first.localPath);
    await first.start();
    expect(await refusedFor(first, 'ADOPTION_NEEDED')).toContain('Empty that directory');
    expect(await onMirrorNow('file')).toBe('newest');
    await first.terminate();
    await rm(first.localPath, { recursive: true });
    await rename(newest, first.localPath);
    await first.start();
    await waitUntil('the newest has its mirror', () => isInSync(first));
    expect(await compareTrees([first.localPath, mirror.root])).toEqual([]);
    await first.terminate();
  });

  it('that lost its identity beside its journal does not start', async () => {
    const identity = join(first.localPath, '.proxyfs/replica.json');
    await rename(identity, `${identity}.lost`);
    first.launch();
    expect(await first.exited()).toMatchObject({ code: 1 });
    expect(first.log.tail()).toContain('is its disk mounted?');
    expect(await onMirrorNow('file')).toBe('newest');
  });

  it('that is empty, as when its disk is not mounted, deletes nothing anywhere', async () => {
    for (const name of await readdir(first.localPath)) {
      await rm(join(first.localPath, name), { recursive: true });
    }
    await first.start();
    expect(await refusedFor(first, 'FOREIGN_REPLICA')).toContain('remove .proxyfs there');
    expect(await onMirrorNow('file')).toBe('newest');
  });
});
