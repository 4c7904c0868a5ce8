import { chmodSync, chownSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { treePath } from '../filesystem/tree-path.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import { lacksOf } from './guarantee.ts';
import { openTree } from './testing.ts';

const at = treePath;
const WWW_DATA = 33;
const ELSEWHERE = 3333;

let server: SshdMirror | undefined;
afterEach(() => server?.stop());

/** A server on which www-data has another number, and another account has its. */
function renumbered(file: string): string {
  const others = readFileSync(file, 'utf8').replace(/^www-data:([^:]*):33:/m, `www-data:$1:${ELSEWHERE}:`);
  return `${others}other:x:${WWW_DATA}:${file.endsWith('passwd') ? '33::/:/bin/false' : ''}\n`;
}

it('are kept by name where that is configured', async () => {
  const files = { '/etc/passwd': renumbered('/etc/passwd'), '/etc/group': renumbered('/etc/group') };
  const mirror = (server = await startSshdMirror({ files }));
  const { tree, replica, close } = await openTree(mirror.config({ owner: 'names' }));
  const owner = { uid: WWW_DATA, gid: WWW_DATA };
  await tree.apply({ kind: 'create', path: at('/made'), mode: 0o640, owner });
  await tree.apply({ kind: 'mkdir', path: at('/changed'), mode: 0o755 });
  await tree.apply({ kind: 'chown', path: at('/changed'), ...owner });
  const stat = { type: 'file', mode: 0o4755, ...owner, sizeBytes: 0, mtimeNs: 0n, atimeNs: 0n } as const;
  await tree.replaceFile(at('/copied'), { stat, content: (async function* () {})() });
  for (const name of ['made', 'changed', 'copied']) {
    const { uid, gid } = lstatSync(join(mirror.root, name));
    expect([name, uid, gid]).toEqual([name, ELSEWHERE, ELSEWHERE]);
    expect(await tree.stat(at(`/${name}`))).toMatchObject(owner);
  }
  for await (const page of tree.list(at('/')))
    for (const entry of page) expect(entry.stat).toMatchObject(owner);
  chownSync(join(mirror.root, 'made'), WWW_DATA, WWW_DATA);
  expect((await tree.stat(at('/made')))?.uid).not.toBe(WWW_DATA);
  const refused = { kind: 'chown', path: at('/made'), uid: ELSEWHERE, gid: ELSEWHERE } as const;
  await expect(tree.apply(refused)).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  expect(lacksOf(await replica.capabilities())).toEqual([]);
  close();
});

it('are refused by name where the server has no names to read', async () => {
  const mirror = (server = await startSshdMirror({ files: { '/etc/group': '' } }));
  await expect(openTree(mirror.config({ owner: 'names' }))).rejects.toMatchObject({
    code: 'MIRROR_UNSUITABLE',
    message: expect.stringContaining('/etc/group') as unknown,
  });
});

it('are not kept for a login without root, whose modes are, and it is said', async () => {
  const mirror = (server = await startSshdMirror());
  chmodSync(dirname(mirror.root), 0o711);
  chownSync(mirror.root, 65534, 65534);
  const { tree, replica, close } = await openTree(mirror.config({ user: 'nobody' }));
  await tree.apply({
    kind: 'create',
    path: at('/made'),
    mode: 0o640,
    owner: { uid: WWW_DATA, gid: WWW_DATA },
  });
  const { uid, mode } = lstatSync(join(mirror.root, 'made'));
  expect([uid, mode & 0o7777]).toEqual([65534, 0o640]);
  expect(lacksOf(await replica.capabilities())).toEqual(['owners are not kept']);
  close();
});
