import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { z } from 'zod';
import { problemDetailsSchema } from '../../shared/api.ts';
import {
  configurationVerdictSchema,
  configurationVersionsSchema,
  configurationVersionTextSchema,
  configurationViewSchema,
} from '../../shared/configuration.ts';
import { ConfigurationCommands } from '../appliance/configuration-commands.ts';
import { ConfigurationFile } from '../config/configuration-file.ts';
import { ConfigurationVersions } from '../config/configuration-versions.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import type { PlainAnswer } from '../testing/http-request.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';

const CONFIG = '/api/v1/config';
const TEXT = '# mine\nlocal_path: local\nmount_point: mount\nmirrors: {}\ntimeout: 5\n';
const LONGER = TEXT.replace('timeout: 5', 'timeout: 9  # slow');

let temp: TempDirectory;
let path: string;
let bench: ApiBench;

beforeEach(async () => {
  temp = await tempDirectory('configuration');
  for (const name of ['local', 'mount', 'local2', 'mount2']) await mkdir(join(temp.path, name));
  path = join(temp.path, 'proxyfs.yml');
  await writeFile(path, TEXT);
  const file = new ConfigurationFile(path, {});
  await file.load();
  const versions = new ConfigurationVersions(join(temp.path, 'configurations'));
  file.keepVersions(versions);
  const rewrite = async (change: (text: string) => string) => {
    await file.edit(change, () => Promise.resolve());
  };
  const configuration = new ConfigurationCommands({ file, versions, rewrite });
  bench = await startApiBench({ controlPlane: new MemoryControlPlane({ configuration }) });
});
afterEach(async () => {
  await bench.stop();
  await temp.remove();
});

function parsed<Schema extends z.ZodType>(schema: Schema, answer: PlainAnswer, status = 200) {
  expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
  return schema.parse(JSON.parse(answer.body));
}

const read = async () => parsed(configurationViewSchema, await bench.call(CONFIG));

function send(method: string, text: string, address = CONFIG, headers = {}): Promise<PlainAnswer> {
  const json = { 'content-type': 'application/json', ...headers };
  return bench.call(address, { method, headers: json, body: JSON.stringify({ text }) });
}

async function put(text: string): Promise<PlainAnswer> {
  return send('PUT', text, CONFIG, { 'if-match': (await read()).etag });
}

async function validate(text: string) {
  return parsed(configurationVerdictSchema, await send('POST', text, `${CONFIG}/validate`));
}

it('tells the text as it stands, its values, and when a change of each key applies', async () => {
  const view = await read();
  expect(view).toMatchObject({ text: TEXT, value: { timeout: 5 }, errors: [], waiting: [] });
  expect((await bench.call(CONFIG)).headers.etag).toBe(view.etag);
  const applies = Object.fromEntries(view.keys.map((key) => [key.key, key.applies]));
  expect(applies).toMatchObject({ timeout: 'restart', 'mirrors.*.host': 'now', 'http.listen': 'fileOnly' });
});

it('stores the text as it was given, tells what waits, and keeps the one before for its owner alone', async () => {
  const view = parsed(configurationViewSchema, await put(LONGER));
  expect(view.waiting).toEqual([{ key: 'timeout', applies: 'restart' }]);
  expect(await readFile(path, 'utf8')).toBe(LONGER);
  const list = parsed(configurationVersionsSchema, await bench.call(`${CONFIG}/versions`));
  const [version] = list.items;
  const earlier = await bench.call(`${CONFIG}/versions/${version?.id}`);
  expect(parsed(configurationVersionTextSchema, earlier).text).toBe(TEXT);
  const { mode } = await stat(join(temp.path, 'configurations', `${version?.id}.yml`));
  expect(mode & 0o777).toBe(0o600);
  parsed(problemDetailsSchema, await bench.call(`${CONFIG}/versions/..%2F..%2Fproxyfs`), 404);
  expect(parsed(configurationViewSchema, await put(TEXT)).waiting).toEqual([]);
});

it('keeps the last twenty texts', async () => {
  for (let timeout = 10; timeout < 33; timeout += 1)
    parsed(configurationViewSchema, await put(TEXT.replace('timeout: 5', `timeout: ${timeout}`)));
  const { items } = parsed(configurationVersionsSchema, await bench.call(`${CONFIG}/versions`));
  expect(items).toHaveLength(20);
  const newest = await bench.call(`${CONFIG}/versions/${items[0]?.id}`);
  expect(parsed(configurationVersionTextSchema, newest).text).toContain('timeout: 31\n');
});

it('needs the ETag of what is replaced, also of what an editor wrote meanwhile', async () => {
  const { etag } = await read();
  parsed(problemDetailsSchema, await send('PUT', LONGER), 428);
  await writeFile(path, `${TEXT}# by hand\n`);
  const late = await send('PUT', LONGER, CONFIG, { 'if-match': etag });
  expect(parsed(problemDetailsSchema, late, 412).code).toBe('CONFIG_CHANGED');
  expect(await readFile(path, 'utf8')).toBe(`${TEXT}# by hand\n`);
});

it('names all mistakes at once with their places, and changes nothing', async () => {
  const wrong = TEXT.replace('timeout: 5', 'timeout: x\ntries: { times: 0, wait: [1, -1] }');
  const { valid, errors } = await validate(wrong);
  expect(valid).toBe(false);
  expect(errors.map(({ pointer, line, column }) => [pointer, line, column])).toEqual([
    ['/timeout', 5, 10],
    ['/tries/times', 6, 17],
    ['/tries/wait/1', 6, 30],
  ]);
  expect(parsed(problemDetailsSchema, await put(wrong), 422).errors).toEqual(errors);
  expect(await readFile(path, 'utf8')).toBe(TEXT);
});

it('leads to mistakes below names of any form', async () => {
  const wrong = TEXT.replace(
    'mirrors: {}',
    'mirrors: { web.1: { host: a, path: /x, port: none } }\na/b~c: 1',
  );
  const pointers = ['/mirrors/web.1/port', '/a~1b~0c'];
  expect((await validate(wrong)).errors.map(({ pointer }) => pointer)).toEqual(pointers);
  const { errors } = parsed(problemDetailsSchema, await put(wrong), 422);
  expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
});

it('says before what would change and when', async () => {
  const text = `${LONGER}log: { level: debug }\n`;
  expect(await validate(text)).toEqual({
    valid: true,
    errors: [],
    changes: [
      { key: 'timeout', applies: 'restart' },
      { key: 'log.level', applies: 'restart' },
    ],
  });
});

it('lets nobody change who may come in, or where things are', async () => {
  const attempts: Record<string, string> = {
    'http.listen': `${TEXT}http: { listen: '0.0.0.0:8080' }\n`,
    'http.allowed_hosts': `${TEXT}http: { allowed_hosts: [evil.example] }\n`,
    'mount.allow_other': `${TEXT}mount: { allow_other: true }\n`,
    state_path: `${TEXT}state_path: elsewhere\n`,
    local_path: TEXT.replace('local_path: local', 'local_path: local2'),
    mount_point: TEXT.replace('mount_point: mount', 'mount_point: mount2'),
  };
  for (const [key, text] of Object.entries(attempts)) {
    const { errors } = parsed(problemDetailsSchema, await put(text), 422);
    const around = key.startsWith('http.') ? 'http' : key;
    expect(errors.map(({ pointer }) => pointer)).toEqual([`/${around.replace('.', '/')}`]);
    expect((await validate(text)).valid, key).toBe(false);
  }
  expect(await readFile(path, 'utf8')).toBe(TEXT);
});

it('shows a file that somebody broke by hand, with what is wrong', async () => {
  await writeFile(path, TEXT.replace('timeout: 5', 'timeout: x'));
  expect(await read()).toMatchObject({ value: null, errors: [{ pointer: '/timeout', line: 5 }] });
  expect((await put(TEXT)).status).toBe(200);
});
