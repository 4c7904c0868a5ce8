import type { Logger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { FuseDriver, FuseHandlers } from '../fuse/driver.ts';
import { FuseNativeDriver } from '../fuse/fuse-native/fuse-native-driver.ts';

/** The name of the driver that a configuration gets. */
export function driverName(_configuration: Configuration): 'fuse-native' {
  return 'fuse-native';
}

export async function driverFor(
  configuration: Configuration,
  handlers: FuseHandlers,
  logger: Logger,
): Promise<FuseDriver> {
  const { mountPoint, mount } = configuration;
  return new FuseNativeDriver({ mountPoint, handlers, allowOther: mount.allowOther, logger });
}
