import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalTree } from '../filesystem/local-tree.ts';
import { Journal } from '../journal/journal.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { ReplicaIdentity } from './replica-identity.ts';

let temp: TempDirectory;
let journal: Journal;
let identity: ReplicaIdentity;
let mirror: LocalTree;

beforeEach(async () => {
  temp = await tempDirectory('identity');
  for (const name of ['local', 'mirror']) await mkdir(join(temp.path, name));
  journal = await Journal.open(join(temp.path, 'journal'));
  identity = new ReplicaIdentity(treeAt('local'), journal);
  mirror = treeAt('mirror');
  await identity.begin();
  await identity.admit('m1', mirror, () => Promise.resolve());
});

afterEach(async () => {
  await journal.close();
  await temp.remove();
});

function treeAt(name: string): LocalTree {
  return new LocalTree(join(temp.path, name), join(temp.path, name, '.proxyfs'));
}

async function leave(place: 'undo' | 'staging'): Promise<string> {
  const directory = join(temp.path, 'mirror', '.proxyfs', place);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'left'), 'put aside when the link was lost');
  return directory;
}

it('clears what a lost link has left put aside on a mirror that comes back', async () => {
  const undo = await leave('undo');
  const staging = await leave('staging');
  await identity.admit('m1', mirror, () => Promise.resolve());
  expect(await readdir(undo)).toEqual([]);
  expect(await readdir(staging)).toEqual([]);
});

it('clears nothing on a mirror of another set', async () => {
  await mirror.writeReserved('replica.json', Buffer.from('{"setId":"other","replica":"m1","generation":1}'));
  const undo = await leave('undo');
  await expect(identity.admit('m1', mirror, () => Promise.resolve())).rejects.toMatchObject({
    code: 'FOREIGN_REPLICA',
  });
  expect(await readdir(undo)).toEqual(['left']);
});
