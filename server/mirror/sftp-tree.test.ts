import { describeFileTree } from '../testing/file-tree-contract.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { openTree } from './testing.ts';

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
