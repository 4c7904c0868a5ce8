import { tryDriver } from '../appliance/driver-choice.ts';
import type { Configuration } from '../config/configuration.ts';
import { failed, fine, type Result } from './finding.ts';

/** Whether device, privileges and programs for mounting are there. */
export async function driver(configuration: Configuration): Promise<readonly Result[]> {
  const { name, reason, failure } = await tryDriver(configuration);
  return [failure ? failed(name, failure.message) : fine(name, reason)];
}
