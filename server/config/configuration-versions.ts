import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurationVersion } from '../../shared/configuration.ts';
import { replaceDurably } from '../base/durable-file.ts';

const KEPT = 20;
/** Sorted by name they are sorted by time. */
const ID = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[0-9a-f]{8}$/;
const EXTENSION = '.yml';

/** The texts that the configuration file had before it was changed, in a directory that only Proxyfs reads. */
export class ConfigurationVersions {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves when it outlives a crash; of very many the oldest go. */
  async keep(text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
    const mark = createHash('sha256').update(text).digest('hex').slice(0, 8);
    await replaceDurably(this.#fileOf(`${time}-${mark}`), text, { mode: 0o600 });
    for (const id of (await this.#ids()).slice(KEPT)) await unlink(this.#fileOf(id));
  }

  /** Newest first. */
  async list(): Promise<ConfigurationVersion[]> {
    const ids = await this.#ids();
    return Promise.all(
      ids.map(async (id) => {
        const { size, mtime } = await stat(this.#fileOf(id));
        return { id, replacedAt: mtime.toISOString(), sizeBytes: size };
      }),
    );
  }

  /** undefined where there is none of this id. */
  async text(id: string): Promise<string | undefined> {
    const known = (await this.#ids()).includes(id);
    return known ? readFile(this.#fileOf(id), 'utf8') : undefined;
  }

  async #ids(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ids = names
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => name.slice(0, -EXTENSION.length));
    return ids
      .filter((id) => ID.test(id))
      .sort()
      .reverse();
  }

  #fileOf(id: string): string {
    return join(this.#directory, id + EXTENSION);
  }
}
