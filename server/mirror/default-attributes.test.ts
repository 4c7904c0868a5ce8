import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation } from '../filesystem/operation.ts';
import { treePath as at } from '../filesystem/tree-path.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import type { SftpTree } from './sftp-tree.ts';
import { openTree } from './testing.ts';

const OURS = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const OTHER_GROUP = 1234;

let server: ScriptedSftp;
let tree: SftpTree;
let close: () => void;

beforeEach(async () => {
  server = new ScriptedSftp();
  await server.start();
  ({ tree, close } = await openTree(server.mirrorConfiguration('embedded')));
  mkdirSync(join(server.root, 'd'), { mode: 0o755 });
});
afterEach(async () => {
  close();
  await server.stop();
});

const file = (path: string, mode = 0o600): Operation => ({
  kind: 'create',
  path: at(path),
  mode,
  owner: OURS,
});
const directory = (path: string, mode = 0o700): Operation => ({
  kind: 'mkdir',
  path: at(path),
  mode,
  owner: OURS,
});

/** The requests that this takes. */
async function requestsOf(operation: Operation): Promise<string[]> {
  const before = server.requests.length;
  await tree.apply(operation);
  return server.requests.slice(before).map(({ kind }) => kind);
}

const found = (path: string) => {
  const { mode, uid, gid } = lstatSync(join(server.root, path));
  return { mode: mode % 0o10000, uid, gid };
};

/** A directory whose files come to another group, as the operator of the mirror may have made it. */
function makeGrouping(path: string): void {
  mkdirSync(join(server.root, path));
  chownSync(join(server.root, path), OURS.uid, OTHER_GROUP);
  chmodSync(join(server.root, path), 0o2775);
}

describe('attributes of new entries', () => {
  it('are looked at in each directory once, and left alone where they come out right', async () => {
    await tree.apply(file('/d/probes-the-login'));
    expect(await requestsOf(file('/d/a', 0o640))).toEqual(['open', 'lstat', 'lsetstat']);
    expect(await requestsOf(file('/d/b', 0o640))).toEqual(['open']);
    expect(await requestsOf(directory('/d/e', 0o750))).toEqual(['mkdir', 'lstat', 'lsetstat']);
    expect(await requestsOf(directory('/d/f', 0o750))).toEqual(['mkdir']);
    expect(await requestsOf(file('/d/f/a', 0o640))).toEqual(['open', 'lstat', 'lsetstat']);
    expect(found('d/b')).toEqual({ mode: 0o640, ...OURS });
    expect(found('d/f')).toEqual({ mode: 0o750, ...OURS });
  });

  it('are set each time where the server makes others', async () => {
    const umask = process.umask(0o077);
    try {
      for (const name of ['a', 'b', 'c']) {
        await tree.apply(file(`/d/${name}`, 0o664));
        expect(found(`d/${name}`)).toEqual({ mode: 0o664, ...OURS });
      }
    } finally {
      process.umask(umask);
    }
  });

  it('are looked at anew when the directory was changed, renamed or made again', async () => {
    makeGrouping('grouping');
    makeGrouping('grouping-too');
    const madeRight = async (name: string) => {
      await tree.apply(file(`/d/${name}`));
      expect(found(`d/${name}`)).toEqual({ mode: 0o600, ...OURS });
    };
    await madeRight('a');
    await madeRight('b');
    await tree.apply({ kind: 'rename', path: at('/d'), to: at('/before') });
    await tree.apply({ kind: 'rename', path: at('/grouping'), to: at('/d') });
    await madeRight('c');
    await tree.apply({ kind: 'rename', path: at('/d'), to: at('/grouping') });
    await tree.apply(directory('/d', 0o755));
    await madeRight('d');
    await madeRight('e');
    await tree.apply({ kind: 'chown', path: at('/d'), uid: OURS.uid, gid: OTHER_GROUP });
    await tree.apply({ kind: 'chmod', path: at('/d'), mode: 0o2775 });
    await madeRight('f');
    expect(await requestsOf(file('/d/g'))).toContain('lstat');
  });
});
