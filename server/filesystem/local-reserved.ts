import { open, readFile } from 'node:fs/promises';
import { replaceDurably, syncDirectory } from '../base/durable-file.ts';
import { hasErrno } from './errno.ts';
import { ensurePrivateDirectory, type LocalPaths } from './local-paths.ts';
import { lstatOptional } from './local-stat.ts';

/** The small files of the reserved directory. */
export class LocalReserved {
  readonly #paths: LocalPaths;

  constructor(paths: LocalPaths) {
    this.#paths = paths;
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#paths.reserved(name));
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  async write(name: string, content: Buffer): Promise<void> {
    await ensurePrivateDirectory(this.#paths.reservedDirectory);
    await replaceDurably(this.#paths.reserved(name), content, { mode: 0o600 });
    // DURABILITY: the name of the directory it is in.
    await syncDirectory(this.#paths.root);
  }

  async overwrite(name: string, content: Buffer): Promise<void> {
    const handle = await open(this.#paths.reserved(name), 'r+');
    try {
      await handle.write(content, 0, content.length, 0);
    } finally {
      await handle.close();
    }
  }

  async ageMs(name: string): Promise<number | undefined> {
    const found = await lstatOptional(this.#paths.reserved(name));
    return found && Date.now() - Number(found.mtimeMs);
  }
}
