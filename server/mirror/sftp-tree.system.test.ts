import { describeFileTree } from '../testing/file-tree-contract.ts';
import { startSshdMirror } from '../testing/sshd-mirror.ts';
import { openTree } from './testing.ts';

describeFileTree('the SFTP tree on a real OpenSSH server', async () => {
  const server = await startSshdMirror();
  const { tree, close } = await openTree(server.config());
  const stop = async () => {
    close();
    await server.stop();
  };
  return { tree, root: server.root, stop };
});

describeFileTree('the SFTP tree on a server with a strict umask that greets each login', async () => {
  const server = await startSshdMirror({ sftpFlags: '-u 077', bashrc: 'echo welcome\n' });
  const { tree, close } = await openTree(server.config());
  const stop = async () => {
    close();
    await server.stop();
  };
  return { tree, root: server.root, stop };
});
