import { tryMirrors } from '../appliance/check-mirrors.ts';
import type { Configuration } from '../config/configuration.ts';
import { failed, fine, type Result, warning } from './finding.ts';

/** Logs in to each mirror and looks whether it would do, what it lacks, and how far its clock is off. */
export async function mirrors(configuration: Configuration): Promise<readonly Result[]> {
  return (await tryMirrors(configuration)).flatMap(({ name, failure, summary = '', lacks = [] }) => {
    if (failure) return failed(name, `${failure.code}: ${failure.message}`);
    return [fine(name, summary), ...lacks.map((lack) => warning(name, lack))];
  });
}
