import { type AppError, asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { FuseDriver, FuseHandlers } from '../fuse/driver.ts';
import { FuseNativeDriver } from '../fuse/fuse-native/fuse-native-driver.ts';
import { KernelDriver } from '../fuse/kernel/kernel-driver.ts';

export interface DriverChoice {
  readonly name: 'kernel' | 'fuse-native';
  /** Why it is this one, for people. */
  readonly reason: string;
}

const DRIVERS = { kernel: KernelDriver, 'fuse-native': FuseNativeDriver };

/** The driver that a configuration gets: mounting by oneself is root's privilege, fusermount is for everybody else. */
export function chosenDriver({ mount }: Pick<Configuration, 'mount'>): DriverChoice {
  if (mount.driver !== 'auto') return { name: mount.driver, reason: 'mount.driver says so' };
  return process.getuid?.() === 0
    ? { name: 'kernel', reason: 'run by root, who may mount' }
    : { name: 'fuse-native', reason: 'not run by root, so fusermount has to mount' };
}

export function driverFor(configuration: Configuration, handlers: FuseHandlers, logger: Logger): FuseDriver {
  const { mountPoint, mount } = configuration;
  const { name, reason } = chosenDriver(configuration);
  logger.info('driver', { driver: name, reason });
  return new DRIVERS[name]({ mountPoint, handlers, allowOther: mount.allowOther, logger });
}

/** Which driver would mount, and whether it could; mounts nothing. */
export async function tryDriver(
  configuration: Pick<Configuration, 'mount'>,
): Promise<DriverChoice & { readonly failure?: AppError }> {
  const choice = chosenDriver(configuration);
  try {
    await DRIVERS[choice.name].check();
    return choice;
  } catch (thrown) {
    return { ...choice, failure: asAppError(thrown) };
  }
}

/** Says which driver would mount and why, and whether it could. The answer is the exit code. */
export async function checkDriver(
  configuration: Configuration,
  print: (line: string) => void,
): Promise<number> {
  const { name, reason, failure } = await tryDriver(configuration);
  print(`driver ${name} (${reason}): ${failure ? `${failure.code}: ${failure.message}` : 'fine'}`);
  return failure ? 1 : 0;
}
