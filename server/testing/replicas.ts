import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MirrorView, Overview } from '../../shared/api.ts';
import type { ApplianceProcess } from './appliance-process.ts';
import { compareTrees } from './compare-trees.ts';
import { waitUntil } from './wait-until.ts';

/** Resolves when every mirror is up and in sync by what the appliance says. */
export async function everyMirrorInSync(
  appliance: Pick<ApplianceProcess, 'api' | 'log'>,
  limitMs: number,
): Promise<void> {
  const mirrors = async () => ((await appliance.api('/api/v1/overview')).body as Overview).mirrors;
  const isInSync = ({ link, content }: MirrorView) => link === 'up' && content === 'in-sync';
  try {
    await waitUntil('every mirror is in sync', async () => (await mirrors()).every(isInSync), limitMs);
  } catch (cause) {
    const state = JSON.stringify(await mirrors().catch(String));
    throw new Error(`not within ${limitMs} ms in sync: ${state}\n${appliance.log.tail()}`, { cause });
  }
}

/** What differs between the replicas, and what is left over of anything that was under way. */
export async function differencesOf(replicas: readonly string[]): Promise<string[]> {
  return (await Promise.all([compareTrees(replicas), leftoversIn(replicas)])).flat();
}

/** What was put aside or staged, and not taken away. */
export async function leftoversIn(replicas: readonly string[]): Promise<string[]> {
  const reserved = replicas.flatMap((root) =>
    ['undo', 'staging'].map((name) => join(root, '.proxyfs', name)),
  );
  return (await Promise.all(reserved.map(pathsIn))).flat();
}

/** Of a directory that may not have been needed yet. */
export async function pathsIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
