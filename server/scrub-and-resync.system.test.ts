import { createHash } from 'node:crypto';
import {
  chmod,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MirrorList, MirrorView } from '../shared/api.ts';
import type { JobItems, JobView } from '../shared/jobs.ts';
import { type ApiAnswer, ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

/** Long past, so that any mtime set by a clock shows. */
const PLANTED_S = 1_600_000_000;
const SLOW_BYTES_PER_S = 64 * 1024;

let mirrors: SshdMirror[];
/** Holds files of its own when it is met first, and offers nothing but SFTP. */
let foreign: SshdMirror;
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirrors = await Promise.all(['m1', 'm2', 'm3'].map((name) => startSshdMirror({ name })));
  foreign = await startSshdMirror({ name: 'm4', sftpOnly: true });
  appliance = new ApplianceProcess({
    mirrors: [
      ...mirrors.map((mirror) => mirror.config({ bandwidthLimit: SLOW_BYTES_PER_S })),
      foreign.config({ required: false }),
    ],
  });
  await appliance.prepare();
  await plant(appliance.localPath);
  for (const { root } of mirrors) await copy(appliance.localPath, root);
  await mkdir(join(foreign.root, 'theirs'));
  for (const name of ['theirs/a', 'theirs/b', 'm1']) await writeFile(join(foreign.root, name), 'foreign');
  await appliance.start();
});

afterAll(async () => {
  await appliance.stop();
  for (const mirror of [...mirrors, foreign]) await mirror.stop();
});

/** For each mirror a directory with what is going to be damaged there, and neighbours that are not. */
async function plant(root: string): Promise<void> {
  for (const name of ['m1', 'm2', 'm3']) {
    const directory = join(root, name);
    await mkdir(join(directory, 'sub'), { recursive: true });
    for (const file of ['flipped', 'mode', 'missing', 'fine', 'joined', 'sub/fine']) {
      await writeFile(join(directory, file), `${file} of ${name}\n`);
      await utimes(join(directory, file), PLANTED_S, PLANTED_S);
    }
    await link(join(directory, 'joined'), join(directory, 'linked'));
    for (const twin of ['twin', 'twin too']) {
      await writeFile(join(directory, twin), 'these look the same');
      await utimes(join(directory, twin), PLANTED_S, PLANTED_S);
    }
    await symlink('fine', join(directory, 'target'));
    await lutimes(join(directory, 'target'), PLANTED_S, PLANTED_S);
    for (const below of ['sub', '.']) await utimes(join(directory, below), PLANTED_S, PLANTED_S);
  }
}

async function copy(from: string, to: string): Promise<void> {
  expect(await runCommand('rsync', ['-aH', '--exclude=/.proxyfs', `${from}/`, `${to}/`])).toMatchObject({
    code: 0,
  });
}

/** As somebody does behind our back, who leaves no trace at the directory. */
async function damage(at: string, work: (at: string) => Promise<unknown>): Promise<void> {
  const { atime, mtime } = await lstat(dirname(at));
  await work(at);
  await utimes(dirname(at), atime, mtime);
}

async function flip(at: string): Promise<void> {
  const { atime, mtime } = await lstat(at);
  const content = await readFile(at);
  content[0] = (content[0] ?? 0) ^ 1;
  await writeFile(at, content);
  await utimes(at, atime, mtime);
}

async function retarget(at: string): Promise<void> {
  await rm(at);
  await symlink('mode', at);
  await lutimes(at, PLANTED_S, PLANTED_S);
}

/** Two names of one file become two files that look the same. */
async function part(at: string): Promise<void> {
  const content = await readFile(at);
  await rm(at);
  await writeFile(at, content);
  await utimes(at, PLANTED_S, PLANTED_S);
}

/** Two files that look the same become one. */
async function unite(at: string): Promise<void> {
  await rm(at);
  await link(join(dirname(at), 'twin'), at);
}

async function damageAll(directory: string): Promise<void> {
  await damage(join(directory, 'flipped'), flip);
  await damage(join(directory, 'mode'), (at) => chmod(at, 0o600));
  await damage(join(directory, 'missing'), (at) => rm(at));
  await damage(join(directory, 'extra'), (at) => writeFile(at, 'not ours'));
  await damage(join(directory, 'target'), retarget);
  await damage(join(directory, 'linked'), part);
  await damage(join(directory, 'twin too'), unite);
}

const DAMAGES: Record<string, string> = {
  flipped: 'content',
  mode: 'mode',
  missing: 'missing',
  extra: 'extra',
  target: 'target',
  linked: 'links',
  'twin too': 'links',
};

/** Whichever of the two is met first. */
const isTwin = (path: string) => path.endsWith('/twin');

/** Everything of a tree that a change would show in, by path. */
async function traces(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true })) {
    if (entry === '.proxyfs' || entry.startsWith('.proxyfs/')) continue;
    const { ino, mode, uid, gid, size, mtimeNs, ctimeNs } = await lstat(join(root, entry), { bigint: true });
    found.set(entry, [ino, mode, uid, gid, size, mtimeNs, ctimeNs].join());
  }
  return found;
}

async function proxyfs(
  ...args: string[]
): Promise<{ code: number | null; job: JobView & { items: JobItems } }> {
  const program = [join(import.meta.dirname, '../dist/server/main.cjs'), ...args];
  const options = { env: { PROXYFS_TOKEN: appliance.token }, timeoutMs: 60_000 };
  const ended = await runCommand(process.execPath, [...program, '--url', appliance.url, '--json'], options);
  if (ended.stdout === '') throw new Error(`${args.join(' ')}: ${ended.stderr}\n${appliance.log.tail()}`);
  return { code: ended.code, job: JSON.parse(ended.stdout) as JobView & { items: JobItems } };
}

/** The same over REST, which takes no process of its own. */
async function run(request: object): Promise<JobView & { items: JobItems }> {
  const { body } = await post('/api/v1/jobs', request);
  const { id } = body as JobView;
  const job = await waitUntil(
    'the job is over',
    async () => {
      const now = (await appliance.api(`/api/v1/jobs/${id}`)).body as JobView;
      return now.endedAt === undefined ? undefined : now;
    },
    30_000,
  );
  return { ...job, items: (await appliance.api(`/api/v1/jobs/${id}/items`)).body as JobItems };
}

function post(path: string, body?: object): Promise<ApiAnswer> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return appliance.api(path, { method: 'POST', ...(body && json) });
}

async function view(name: string): Promise<MirrorView> {
  const { items } = (await appliance.api('/api/v1/mirrors')).body as MirrorList;
  const found = items.find(({ id }) => id === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

const roots = () => [appliance.localPath, ...[...mirrors, foreign].map(({ root }) => root)];

it('tells how to adopt a mirror that holds other files, first dry and then for good', async () => {
  const refused = await waitUntil('the mirror is refused', async () => {
    const { reason } = await view('m4');
    return reason?.code === 'ADOPTION_NEEDED' ? reason : undefined;
  });
  expect(refused.message).toContain('proxyfs resync m4 --adopt');
  const before = await traces(foreign.root);
  const dry = await proxyfs('resync', 'm4', '--adopt', '--dry-run');
  expect(dry).toMatchObject({ code: 0, job: { state: 'done', plan: { copies: 36, removals: 4 } } });
  expect(await traces(foreign.root)).toEqual(before);
  expect((await view('m4')).link).not.toBe('up');
  expect(await proxyfs('resync', 'm4', '--adopt')).toMatchObject({ code: 0, job: { state: 'done' } });
  expect(await compareTrees(roots())).toEqual([]);
  expect(await view('m4')).toMatchObject({ link: 'up', content: 'in-sync' });
});

it('finds each damage on any mirror, and repairs exactly those', async () => {
  for (const { name, root } of mirrors) await damageAll(join(root, name));
  const before = await Promise.all(mirrors.map(({ root }) => traces(root)));
  const found = await proxyfs('scrub', '--content');
  const expected = mirrors.flatMap(({ name }) =>
    Object.entries(DAMAGES).map(([path, kind]) => `${name} /${name}/${path} ${kind} false`),
  );
  const listed = found.job.items.divergences.map(
    ({ mirror, path, kinds, localSuspected }) =>
      `${mirror} ${isTwin(path) ? `${path} too` : path} ${kinds.join()} ${localSuspected}`,
  );
  expect(listed.sort()).toEqual(expected.sort());
  // The last mirror tells how many links a file has, but not which names: in each directory two files of two names.
  expect(found).toMatchObject({
    code: 1,
    job: { state: 'done', problems: 0, localSuspected: 0, unknownLinks: 6 },
  });
  expect(await Promise.all(mirrors.map(({ root }) => traces(root)))).toEqual(before);
  expect((await view('m2')).lastScrubAt).not.toBeNull();

  expect(await run({ type: 'scrub', compare: 'content', repair: true })).toMatchObject({
    state: 'done',
    divergences: 21,
    repaired: { paths: 21 },
  });
  expect(await compareTrees(roots())).toEqual([]);
  for (const [index, { name, root }] of mirrors.entries()) {
    // The directory of what was damaged has had its names exchanged.
    // Names of one file change with each other.
    const linked = ['joined', 'twin'].map((path) => join(name, path));
    const touched = [name, ...linked, ...Object.keys(DAMAGES).map((path) => join(name, path))];
    const rest = (all: Map<string, string> | undefined) =>
      [...(all ?? [])].filter(([path]) => !touched.includes(path));
    expect(rest(await traces(root))).toEqual(rest(before[index]));
  }
  expect(await run({ type: 'scrub', compare: 'content' })).toMatchObject({ divergences: 0, problems: 0 });
});

it('suspects local damage where all mirrors agree, and leaves it', async () => {
  await damage(join(appliance.localPath, 'm1/fine'), flip);
  const job = await run({ type: 'scrub', mirror: 'm2', compare: 'content', repair: true });
  expect(job).toMatchObject({ state: 'done', localSuspected: 1, repaired: { paths: 0 } });
  expect(job.items.divergences).toMatchObject([{ mirror: 'm2', path: '/m1/fine', kinds: ['content'] }]);
  expect(await compareTrees(mirrors.map(({ root }) => root))).toEqual([]);
  await damage(join(appliance.localPath, 'm1/fine'), flip);
});

it('changes nothing in a dry run, and in a resync of a subtree nothing else', async () => {
  const [{ root }] = mirrors as [SshdMirror];
  await damage(join(root, 'm2/sub'), (at) => rm(at, { recursive: true }));
  await damage(join(root, 'm3/fine'), (at) => writeFile(at, 'longer than it was'));
  const before = await traces(root);
  expect(await run({ type: 'resync', mirror: 'm1', dryRun: true })).toMatchObject({
    repairs: false,
    divergences: 2,
    plan: { copies: 3, removals: 0 },
    repaired: { paths: 0 },
  });
  expect(await traces(root)).toEqual(before);
  expect(await proxyfs('resync', 'm1', '/m2')).toMatchObject({ code: 0, job: { repaired: { paths: 1 } } });
  expect((await compareTrees([appliance.localPath, root])).every((line) => line.includes('m3/fine'))).toBe(
    true,
  );
  expect((await traces(root)).get('m3/fine')).toBe(before.get('m3/fine'));
  expect(await run({ type: 'resync', mirror: 'm1' })).toMatchObject({ state: 'done' });
  expect(await compareTrees(roots())).toEqual([]);
});

it('asks before it removes very much', async () => {
  const [{ root }] = mirrors as [SshdMirror];
  await damage(join(root, 'm2/theirs'), async (at) => {
    await mkdir(at);
    for (let k = 0; k < 60; k += 1) await writeFile(join(at, `${k}`), 'x');
  });
  for (const request of [{ type: 'resync' }, { type: 'scrub', repair: true }]) {
    const { state, error } = await run({ ...request, mirror: 'm1' });
    expect([state, error?.code]).toEqual(['failed', 'CONFIRMATION_NEEDED']);
    expect(error?.message).toContain('61 of the');
    expect(await readdir(join(root, 'm2/theirs'))).toHaveLength(60);
  }
  expect(await proxyfs('resync', 'm1', '--yes')).toMatchObject({ code: 0, job: { plan: { removals: 61 } } });
  expect(await compareTrees(roots())).toEqual([]);
});

it('finds nothing while writers go on', async () => {
  const round = [
    'd=busy/$((i % 7))',
    'mkdir -p $d',
    'echo $i >> $d/grows',
    'echo $i > $d/new && mv $d/new $d/replaced',
    'ln -f $d/grows $d/linked',
    'chmod 6$((i % 7))0 $d/replaced',
    'test $((i % 3)) != 0 || mv $d busy/moved$i',
  ];
  const script = `mkdir busy; for i in $(seq 120); do ${round.join('; ')}; done`;
  const writer = appliance.startInMount('sh', ['-ec', script]);
  let ended = false;
  const writing = writer.result.finally(() => (ended = true));
  for (let k = 0; !ended; k += 1) {
    const compare = k % 2 === 0 ? 'content' : 'quick';
    const { divergences, items } = await run({ type: 'scrub', path: '/busy', compare });
    expect(items.divergences).toEqual([]);
    expect(divergences).toBe(0);
  }
  expect(await writing).toMatchObject({ code: 0 });
});

it('is paused and cancelled, having changed nothing', async () => {
  const [{ root }] = mirrors as [SshdMirror];
  // Read at the mirror's bandwidth limit, this takes a minute.
  const written = await appliance.inMount('dd', [
    'if=/dev/urandom',
    'of=large',
    'bs=1M',
    'count=9',
    'status=none',
  ]);
  expect(written.code).toBe(0);
  await damage(join(root, 'large'), flip);
  const request = { type: 'scrub', mirror: 'm1', compare: 'content', repair: true };
  const started = await post('/api/v1/jobs', request);
  const { id } = started.body as JobView;
  const job = async () => (await appliance.api(`/api/v1/jobs/${id}`)).body as JobView;
  const change = (name: string) => post(`/api/v1/jobs/${id}/${name}`);
  const second = await post('/api/v1/jobs', request);
  expect([started.status, second.status]).toEqual([202, 409]);
  await waitUntil('content is read', async () => (await job()).comparedBytes > 0);
  expect(await change('pause')).toMatchObject({ status: 202, body: { state: 'pausing' } });
  await waitUntil('what there is to read is known', async () => (await job()).total !== null);
  expect(await change('resume')).toMatchObject({ status: 202, body: { state: 'running' } });
  const before = hashOf(await readFile(join(root, 'large')));
  await change('cancel');
  await waitUntil('it is cancelled', async () => (await job()).state === 'cancelled', 5000);
  expect((await change('cancel')).status).toBe(409);
  expect(hashOf(await readFile(join(root, 'large')))).toBe(before);
  expect(await run({ type: 'resync', mirror: 'm1', dryRun: true })).toMatchObject({ divergences: 0 });
});

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
