import type { Logger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { FuseDriver, FuseHandlers } from '../fuse/driver.ts';
import { FuseNativeDriver } from '../fuse/fuse-native/fuse-native-driver.ts';
import { KernelDriver } from '../fuse/kernel/kernel-driver.ts';

/** The driver that a configuration gets: mounting by oneself is root's privilege, fusermount is for everybody else. */
export function driverName({ mount }: Configuration): 'kernel' | 'fuse-native' {
  if (mount.driver !== 'auto') return mount.driver;
  return process.getuid?.() === 0 ? 'kernel' : 'fuse-native';
}

export function driverFor(configuration: Configuration, handlers: FuseHandlers, logger: Logger): FuseDriver {
  const { mountPoint, mount } = configuration;
  const options = { mountPoint, handlers, allowOther: mount.allowOther, logger };
  return driverName(configuration) === 'kernel' ? new KernelDriver(options) : new FuseNativeDriver(options);
}
