import { join } from 'node:path';
import { describeFileTree } from '../testing/file-tree-contract.ts';
import { tempDirectory } from '../testing/temp-directory.ts';
import { LocalTree } from './local-tree.ts';

describeFileTree('the local tree keeps the FileTree contract', async () => {
  const directory = await tempDirectory('local');
  const tree = new LocalTree(directory.path, join(directory.path, '.proxyfs'));
  await tree.start();
  return {
    tree,
    root: directory.path,
    stop: async () => {
      await tree.stop();
      await directory.remove();
    },
  };
});
