import { open, readFile, rename, unlink } from 'node:fs/promises';
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
    const file = this.#paths.reserved(name);
    const unfinished = this.#paths.reserved(`${name}.new`);
    await ensurePrivateDirectory(this.#paths.reservedDirectory);
    try {
      await writeDurably(unfinished, content);
      await rename(unfinished, file);
    } catch (error) {
      await unlink(unfinished).catch(() => {});
      throw error;
    }
    // DURABILITY: the new names, of the file and of the directory it is in.
    await syncDirectory(this.#paths.reservedDirectory);
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

async function writeDurably(file: string, content: Buffer): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(absolute: string): Promise<void> {
  const handle = await open(absolute, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
