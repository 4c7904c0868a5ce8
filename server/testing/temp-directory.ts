import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDirectory {
  /** Absolute, without symlinks. */
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes an empty directory of its own under the system's temporary directory. */
export async function tempDirectory(label = 'test'): Promise<TempDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `proxyfs-${label}-`)));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
