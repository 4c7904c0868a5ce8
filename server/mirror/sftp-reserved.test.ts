import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../base/errors.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { openTree } from './testing.ts';

const NAME = 'lease.json';
type Opened = Awaited<ReturnType<typeof openTree>>;

let server: ScriptedSftp;
let opened: Opened[];

beforeEach(async () => {
  server = new ScriptedSftp();
  await server.start();
  opened = [];
  for (const name of ['one', 'other']) opened.push(await openTree(server.mirrorConfiguration(name)));
});
afterEach(async () => {
  for (const { close } of opened) close();
  await server.stop();
});

const reserved = (...names: string[]) => join(server.root, '.proxyfs', ...names);
const tree = () => (opened[0] as Opened).tree;

it('makes a reserved file once, for one of those who try at once, and leaves it alone afterwards', async () => {
  const makes = opened.map(({ tree }, number) => tree.createReserved(NAME, Buffer.from(`of ${number}`)));
  const made = await Promise.all(makes);
  expect(new Set(made)).toEqual(new Set([true, false]));
  expect(readFileSync(reserved(NAME), 'utf8')).toBe(`of ${made.indexOf(true)}`);
  expect(await tree().createReserved(NAME, Buffer.from('late'))).toBe(false);
  expect(readFileSync(reserved(NAME), 'utf8')).toBe(`of ${made.indexOf(true)}`);
  expect(statSync(reserved(NAME)).mode & 0o777).toBe(0o600);
});

it('makes the reserved directory again where it has gone', async () => {
  await tree().createReserved(NAME, Buffer.from('first'));
  rmSync(reserved(), { recursive: true });
  expect(await tree().createReserved(NAME, Buffer.from('second'))).toBe(true);
  expect(readFileSync(reserved(NAME), 'utf8')).toBe('second');
});

it('puts a file in place only once it is allowed, and leaves nothing of it where it is not', async () => {
  let allow = () => {};
  const allowed = new Promise<void>((resolve) => (allow = resolve));
  const written = tree().writeReserved('replica.json', Buffer.from('{}'), allowed);
  while (!isStaged()) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(readdirSync(reserved())).not.toContain('replica.json');
  allow();
  await written;
  const refused = Promise.reject(new AppError('MIRROR_HELD'));
  const other = tree().writeReserved('other.json', Buffer.from('{}'), refused);
  await expect(other).rejects.toMatchObject({ code: 'MIRROR_HELD' });
  expect([readdirSync(reserved()).includes('other.json'), readdirSync(reserved('staging'))]).toEqual([
    false,
    [],
  ]);
});

function isStaged(): boolean {
  try {
    return readdirSync(reserved('staging')).some((name) => statSync(reserved('staging', name)).size === 2);
  } catch {
    return false;
  }
}
