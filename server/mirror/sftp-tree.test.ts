import { expect, it } from 'vitest';
import { ROOT, treePath } from '../filesystem/tree-path.ts';
import { describeFileTree } from '../testing/file-tree-contract.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { openTree } from './testing.ts';

it('does not list again what was seen to be empty, until something is put there', async () => {
  const server = new ScriptedSftp();
  await server.start();
  const { tree, close } = await openTree(server.mirrorConfiguration('embedded'));
  const names = async () => {
    const found: string[] = [];
    for await (const page of tree.list(ROOT)) found.push(...page.map(({ name }) => name));
    return found;
  };
  const listings = () => server.requests.filter(({ kind }) => kind === 'opendir').length;
  tree.expectFilling();
  expect([await names(), listings()]).toEqual([[], 0]);
  await tree.apply({ kind: 'mkdir', path: treePath('/d'), mode: 0o755 });
  expect([await names(), listings()]).toEqual([['d'], 1]);
  close();
  await server.stop();
});

describeFileTree('the SFTP tree on an embedded server', async () => {
  const server = new ScriptedSftp();
  await server.start();
  const { tree, close } = await openTree(server.mirrorConfiguration('embedded'));
  const stop = async () => {
    close();
    await server.stop();
  };
  return { tree, root: server.root, tells: false, stop };
});
