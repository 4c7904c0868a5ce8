import { asAppError } from '../base/errors.ts';
import type { Configuration } from '../config/configuration.ts';
import { driver } from './driver.ts';
import { type Check, failed, type Finding } from './finding.ts';
import { localSpace } from './local-space.ts';
import { logins } from './logins.ts';
import { mirrors } from './mirrors.ts';
import { mountPoint } from './mount-point.ts';
import { nodeVersion } from './node-version.ts';
import { openFiles } from './open-files.ts';

const CHECKS: Readonly<Record<string, Check>> = {
  node: () => nodeVersion(),
  'open files': openFiles,
  driver,
  'mount point': mountPoint,
  space: localSpace,
  login: logins,
  mirror: mirrors,
};

/** Examines the machine and the mirrors; mounts nothing and repairs nothing. Never rejects. */
export async function examine(configuration: Configuration): Promise<readonly Finding[]> {
  const findings = Object.entries(CHECKS).map(async ([check, look]) => {
    try {
      return (await look(configuration)).map((result) => ({ check, ...result }));
    } catch (thrown) {
      return [{ check, ...failed('', asAppError(thrown).message) }];
    }
  });
  return (await Promise.all(findings)).flat();
}
