// Mounts a local directory without mirrors until it is told to stop, for tests of what a mount answers.
// Arguments: DIRECTORY MOUNT_POINT STATE_DIRECTORY fuse-native|kernel [hang-writes | fail-writes | fail-renames]. Prints
// {"event":"ready"}, and upon SIGUSR2 how often the kernel has asked what since the last time.

import { AppError } from '../../base/errors.ts';
import { jsonLogger } from '../../base/logger.ts';
import { orAbort } from '../../base/wait.ts';
import { LocalTree } from '../../filesystem/local-tree.ts';
import type { Operation } from '../../filesystem/operation.ts';
import { FuseNativeDriver } from '../../fuse/fuse-native/fuse-native-driver.ts';
import { KernelDriver } from '../../fuse/kernel/kernel-driver.ts';
import { MountHandlers } from '../../mount/handlers.ts';
import type { RunOptions, Transactions } from '../../transaction/transactions.ts';
import { LocalTransactions } from '../local-transactions.ts';
import { countRequests } from './request-counts.ts';

const [directory = '', mountPoint = '', stateDirectory = '', driverName = '', fault] = process.argv.slice(2);
const logger = jsonLogger('info', (line) => process.stdout.write(line));
const tree = new LocalTree(directory, stateDirectory);
const engine = new LocalTransactions(tree);
const handlers = new MountHandlers({ local: tree, transactions: withFault(engine), logger });
const Driver = driverName === 'kernel' ? KernelDriver : FuseNativeDriver;
const driver = new Driver({ mountPoint, allowOther: true, handlers, logger });

driver.onLost((reason) => {
  logger.error('lost', { reason });
  process.exitCode = 1;
  void stop();
});
process.once('SIGTERM', () => void stop());
const requests = countRequests();
process.on('SIGUSR2', () => logger.info('requests', { counts: requests() }));
await tree.start();
try {
  await driver.mount();
  logger.info('ready');
} catch (error) {
  logger.error('failed', { error });
  process.exitCode = 1;
  await tree.stop();
}

async function stop(): Promise<void> {
  await driver.unmount();
  await handlers.close();
  await tree.stop();
  logger.info('stopped', { operations: engine.operations.length });
}

/** What a frozen or a failing mirror does to the operations of one kind. */
function withFault(sound: LocalTransactions): Transactions {
  return {
    settle: (path) => sound.settle(path),
    settleSoon: (path) => sound.settleSoon(path),
    run: (operation: Operation, options?: RunOptions) => {
      if (fault === 'hang-writes' && operation.kind === 'write') {
        logger.info('hanging', { path: operation.path });
        return orAbort(new Promise(() => {}), options?.cancellation?.signal);
      }
      const isRestoring = operation.kind === 'rename' && operation.path.includes('.proxyfs-restoring');
      if (fault === `fail-${operation.kind}s` && !isRestoring)
        return Promise.reject(new AppError('MIRROR_UNREACHABLE'));
      return sound.run(operation, options);
    },
  };
}
