import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MirrorList, MirrorTrial, MirrorView, ProblemDetails } from '../shared/api.ts';
import type { ConfigurationView } from '../shared/configuration.ts';
import { withMirror, withoutMirror } from './config/editing.ts';
import type { NewMirror } from '../shared/requests.ts';
import { type ApiAnswer, ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { noneLeft } from './testing/none-left.ts';
import { pinOf, type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

let servers: SshdMirror[];
let appliance: ApplianceProcess;

beforeEach(async () => {
  servers = await Promise.all(['m1', 'm2'].map((name) => startSshdMirror({ name })));
  const [first] = servers;
  appliance = new ApplianceProcess({
    mirrors: first ? [first.config()] : [],
    configuration: { tries: { times: 2, wait: [0.2] }, timeout: 2 },
  });
  await appliance.prepare();
  const text = await readFile(appliance.configFile, 'utf8');
  await writeFile(appliance.configFile, text.replace('mirrors:', '# mine\nmirrors:'));
  await appliance.start();
  await inMount('mkdir dir && echo before > dir/file && ln dir/file link');
});

afterEach(async () => {
  await appliance?.stop();
  for (const server of servers) await server.stop();
});

async function inMount(script: string): Promise<void> {
  expect(await appliance.inMount('sh', ['-ec', script])).toMatchObject({ code: 0 });
}

function call(method: string, path: string, body?: object): Promise<ApiAnswer> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return appliance.api(`/api/v1/mirrors${path}`, { method, ...(body && json) });
}

function settingsOf(server: SshdMirror | undefined): NewMirror {
  if (!server) throw new Error('there is no such server');
  const { name, host, port, user, path, identityFile, knownHosts } = server.config();
  const given = { id: name, host, port, user, path, identityFile, knownHosts };
  return JSON.parse(JSON.stringify(given)) as NewMirror;
}

async function views(): Promise<Record<string, MirrorView>> {
  const { items } = (await call('GET', '')).body as MirrorList;
  return Object.fromEntries(items.map((view) => [view.id, view]));
}

async function inSync(name: string): Promise<void> {
  await waitUntil(`${name} is in sync`, async () => {
    const { link, content, joining } = (await views())[name] ?? {};
    return link === 'up' && content === 'in-sync' && !joining;
  });
}

/** Times follow a moment later; all else is there when the call returns. */
async function expectEqual(roots: readonly string[]): Promise<void> {
  expect(await compareTrees(roots, { ignoreFileTimes: true, ignoreDirectoryTimes: true })).toEqual([]);
  await noneLeft(() => compareTrees(roots));
}

const replicas = () => [appliance.localPath, ...servers.map(({ root }) => root)];

describe('a mirror that is added', () => {
  it('gets everything while writers go on, is then counted on, and stands in the file', async () => {
    const writer = appliance.startInMount('sh', [
      '-ec',
      'for k in $(seq 100); do echo $k > dir/n$k; mv dir/n$k dir/m$k; done',
    ]);
    const added = await call('POST', '', settingsOf(servers[1]));
    expect(added).toMatchObject({ status: 201, body: { id: 'm2', required: true } });
    expect(await writer.result).toMatchObject({ code: 0 });
    await inSync('m2');
    await expectEqual(replicas());
    await servers[1]?.kill();
    expect((await appliance.inMount('sh', ['-c', 'echo refused > refused'])).code).not.toBe(0);
    const text = await readFile(appliance.configFile, 'utf8');
    expect(text).toContain('# mine\n');
    await servers[1]?.restart();
    await appliance.restart();
    await inSync('m2');
    await inMount('echo after > after');
    await expectEqual(replicas());
  });

  it.each([
    ['its name is taken', { id: 'm1' }, 409, 'NAME_TAKEN'],
    ['its settings are no sound configuration', { port: 99999 }, 422, 'CONFIG_INVALID'],
    [
      'its host key is not known',
      { knownHosts: join(import.meta.dirname, '../LICENSE') },
      422,
      'HOST_KEY_UNKNOWN',
    ],
    ['it is the directory that is served', { id: 'm3' }, 422, 'MIRROR_UNSUITABLE'],
  ])('is refused where %s, and nothing has changed', async (_title, changes, status, code) => {
    const before = await readFile(appliance.configFile, 'utf8');
    const path = code === 'MIRROR_UNSUITABLE' ? { path: appliance.localPath } : {};
    const refused = await call('POST', '', { ...settingsOf(servers[1]), ...changes, ...path });
    expect(refused).toMatchObject({ status, body: { code } });
    if (code === 'CONFIG_INVALID')
      expect((refused.body as ProblemDetails).errors[0]?.pointer).toBe('/mirrors/m2/port');
    expect(await readFile(appliance.configFile, 'utf8')).toBe(before);
    expect(Object.keys(await views())).toEqual(['m1']);
    await inMount('echo still > dir/file');
  });
});

it('follows the whole file, with its comments, when that is replaced', async () => {
  const config = '/api/v1/config';
  const put = async (text: string) => {
    const { etag } = (await appliance.api(config)).body as ConfigurationView;
    const headers = { 'content-type': 'application/json', 'if-match': etag };
    const answer = await appliance.api(config, { method: 'PUT', headers, body: JSON.stringify({ text }) });
    return { status: answer.status, body: answer.body as ConfigurationView };
  };
  const before = await readFile(appliance.configFile, 'utf8');
  const { id, host, port, user, path, identityFile, knownHosts } = settingsOf(servers[1]);
  const keys = { host, port, user, path, identity_file: identityFile, known_hosts: knownHosts };
  const known = JSON.parse(JSON.stringify(keys)) as Record<string, string | number>;
  expect(await put(withMirror(before, id, { ...known, port: 1 }))).toMatchObject({ status: 503 });
  expect(await readFile(appliance.configFile, 'utf8')).toBe(before);
  const both = withMirror(before, id, known).replace('timeout: 2', 'timeout: 3 # slow');
  expect(both).toContain('# slow');
  const added = await put(both);
  expect(added).toMatchObject({ status: 200, body: { waiting: [{ key: 'timeout', applies: 'restart' }] } });
  await inSync('m2');
  await inMount('echo with both > with');
  await expectEqual(replicas());
  expect(await put(withMirror(both, 'm1', { required: false }))).toMatchObject({ status: 200 });
  expect((await views())['m1']).toMatchObject({ required: false });
  expect(await put(withoutMirror(both, 'm2'))).toMatchObject({ status: 200 });
  expect(Object.keys(await views())).toEqual(['m1']);
  expect(await readFile(appliance.configFile, 'utf8')).toContain('# mine');
  await appliance.restart();
  expect((await appliance.api(config)).body).toMatchObject({ value: { timeout: 3 }, waiting: [] });
});

describe('a mirror that is tried', () => {
  const trial = async (changes: object) => {
    const answer = await call('POST', '/test', { ...settingsOf(servers[1]), ...changes });
    expect(answer.status).toBe(200);
    return answer.body as MirrorTrial;
  };

  it('shows its host key before anybody logs in, then login and directory, and nothing is changed', async () => {
    const [, second] = servers;
    if (!second) throw new Error('there is no second server');
    const before = await readFile(appliance.configFile, 'utf8');
    const nobody = join(import.meta.dirname, '../LICENSE');
    const stranger = { path: undefined, identityFile: undefined, knownHosts: nobody };
    const hostKey = { keyType: 'ssh-ed25519', fingerprint: pinOf(second), expected: null };
    expect(await trial(stranger)).toMatchObject({
      failure: { step: 'hostKey', code: 'HOST_KEY_UNKNOWN' },
      hostKey,
    });
    expect(await trial({ ...stranger, hostKey: pinOf(second) })).toMatchObject({
      failure: null,
      hostKey: null,
    });
    const wrong = `SHA256:${'A'.repeat(43)}`;
    expect(await trial({ ...stranger, hostKey: wrong })).toMatchObject({
      failure: { step: 'hostKey', code: 'HOST_KEY_CHANGED' },
      hostKey: { ...hostKey, expected: wrong },
    });
    expect(await trial({ identityFile: nobody })).toMatchObject({ failure: { step: 'login' } });
    expect(await trial({ path: '/proc/version' })).toMatchObject({ failure: { step: 'path' } });
    const { failure, freeBytes } = await trial({});
    expect([failure, freeBytes]).toEqual([null, expect.any(Number)]);
    expect((await call('POST', '/test', { id: 'm1', host: 'a' })).body).toMatchObject({ code: 'NAME_TAKEN' });
    await second.kill();
    expect(await trial({ path: undefined })).toMatchObject({ failure: { step: 'address' } });
    expect(await readFile(appliance.configFile, 'utf8')).toBe(before);
    expect(Object.keys(await views())).toEqual(['m1']);
  });
});

describe('a mirror that is changed', () => {
  it('is not waited for any more once it is not required, and has missed nothing', async () => {
    const text = await readFile(appliance.configFile, 'utf8');
    expect(await call('PATCH', '/m1', { required: false })).toMatchObject({
      status: 200,
      body: { required: false },
    });
    expect(await readFile(appliance.configFile, 'utf8')).toBe(
      text.replace('required: true', 'required: false'),
    );
    await servers[0]?.kill();
    await inMount('echo without > dir/file');
    await servers[0]?.restart();
    await inSync('m1');
    await expectEqual(replicas().slice(0, 2));
  });

  it('need not be reached to be given up on, and misses nothing by it', async () => {
    await servers[0]?.kill();
    expect((await appliance.inMount('sh', ['-c', 'echo refused > refused'])).code).not.toBe(0);
    expect(await call('PATCH', '/m1', { port: settingsOf(servers[1]).port })).toMatchObject({ status: 422 });
    expect(await call('PATCH', '/m1', { required: false })).toMatchObject({ status: 200 });
    await inMount('echo without > dir/file');
    await servers[0]?.restart();
    await inSync('m1');
    await expectEqual(replicas().slice(0, 2));
  });

  it('is filled where it leads to another server now', async () => {
    const { id: _id, ...settings } = settingsOf(servers[1]);
    expect((await call('PATCH', '/m1', settings)).status).toBe(200);
    await inSync('m1');
    const [local = '', , second = ''] = replicas();
    await expectEqual([local, second]);
  });
});

describe('a mirror that is removed', () => {
  it('holds up nothing, though it is dead and a writer waits for it', async () => {
    await servers[0]?.freeze();
    const writer = appliance.startInMount('sh', [
      '-c',
      'echo waiting > dir/file || true; echo on > dir/file',
    ]);
    await waitUntil('a change is under way', async () => {
      const { items } = (await appliance.api('/api/v1/transactions?state=inFlight')).body as MirrorList;
      return items.length > 0;
    });
    expect((await call('DELETE', '/m1')).status).toBe(204);
    expect(await writer.result).toMatchObject({ code: 0 });
    expect(await views()).toEqual({});
    expect(await readFile(appliance.configFile, 'utf8')).toContain('mirrors: {}');
    await servers[0]?.thaw();
  });

  it.each(['live', 'in the file'])(
    'is compared in full when it comes back, since it has missed changes (removed %s)',
    async (how) => {
      const text = await readFile(appliance.configFile, 'utf8');
      if (how === 'live') expect((await call('DELETE', '/m1')).status).toBe(204);
      else await startWith(withoutMirror(text, 'm1'));
      await inMount('echo has missed this > dir/file');
      if (how === 'live') expect((await call('POST', '', settingsOf(servers[0]))).status).toBe(201);
      else await startWith(text);
      const reason = await waitUntil('m1 is judged', async () => (await views())['m1']?.reason);
      expect(reason).toMatchObject({ code: 'ADOPTION_NEEDED' });
      expect(await readFile(join(servers[0]?.root ?? '', 'dir/file'), 'utf8')).toBe('before\n');
    },
  );
});

it('takes no change while writing is switched off, also after a restart, and goes on reading and catching up', async () => {
  const wanted = (mode: string) =>
    appliance.api('/api/v1/mode', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mode, reason: 'moving' }),
    });
  expect(await wanted('readOnly')).toMatchObject({ status: 200, body: { changed: true, mode: 'read-only' } });
  const refused = () => appliance.inMount('sh', ['-c', 'cat dir/file && mkdir refused']);
  expect(await refused()).toMatchObject({
    stdout: 'before\n',
    stderr: expect.stringContaining('Read-only') as string,
  });
  await appliance.restart();
  expect(await refused()).toMatchObject({ stderr: expect.stringContaining('Read-only') as string });
  expect((await appliance.api('/readyz')).status).toBe(503);
  expect((await call('POST', '', settingsOf(servers[1]))).status).toBe(201);
  await inSync('m2');
  expect(await wanted('readWrite')).toMatchObject({ body: { changed: true, mode: 'read-write' } });
  await inMount('mkdir taken');
  await expectEqual(replicas());
});

async function startWith(text: string): Promise<void> {
  if (appliance.pid !== undefined) await appliance.terminate();
  await writeFile(appliance.configFile, text);
  await appliance.start();
}
