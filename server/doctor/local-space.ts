import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import type { Configuration } from '../config/configuration.ts';
import { appErrorOf } from '../filesystem/errno.ts';
import { failed, fine, type Result, warning } from './finding.ts';

const MIB = 1024 * 1024;
/** Journal and undo records have to find room beside what is written. */
const LEAST_BYTES = 64 * MIB;
const SMALL_PART = 0.05;

/** Whether the directories of this machine can be used, and have room. */
export function localSpace({ localPath, statePath }: Configuration): Promise<readonly Result[]> {
  return Promise.all([spaceIn(localPath), ...(isReserved(statePath, localPath) ? [] : [spaceIn(statePath)])]);
}

/** By default the state is in local_path, where the first start makes its directory. */
function isReserved(statePath: string, localPath: string): boolean {
  return statePath.startsWith(`${localPath}/`);
}

async function spaceIn(path: string): Promise<Result> {
  try {
    if (!(await stat(path)).isDirectory()) return failed(path, 'is not a directory');
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return verdictOn(path, await statfs(path));
  } catch (error) {
    return failed(path, `can't be used: ${appErrorOf(error).message}`);
  }
}

type Space = Record<'bsize' | 'blocks' | 'bavail' | 'files' | 'ffree', number>;

/** Exported for tests: disks that are nearly full are hard to come by. */
export function verdictOn(path: string, { bsize, blocks, bavail, files, ffree }: Space): Result {
  const freeBytes = bavail * bsize;
  const free = `${Math.round(freeBytes / MIB)} MiB free`;
  if (freeBytes < LEAST_BYTES) return failed(path, `${free}: too little`);
  if (bavail < blocks * SMALL_PART) return warning(path, `${free}: less than a twentieth`);
  // Some file systems don't count their inodes.
  if (files > 0 && ffree < files * SMALL_PART) return warning(path, `${free}, but few inodes: ${ffree}`);
  return fine(path, free);
}
