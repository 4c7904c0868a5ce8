import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { MetricRings, ringsRecordSchema } from './metric-rings.ts';

const ENDING = '.json';

const fileSchema = z.object({ format: z.literal('proxyfs metrics 1'), rings: ringsRecordSchema });

/**
 * The metrics in a directory, a file for each mirror. Nothing depends on them: where they can't be written or read, the log says
 * so and all else goes on. They are not flushed to the disk: a machine that goes down may take the last minutes with it.
 */
export class MetricFiles {
  readonly #directory: string;
  readonly #logger: Logger;

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Those of `mirrors`; the files of others go. */
  async load(mirrors: readonly string[]): Promise<Map<string, MetricRings>> {
    const rings = new Map<string, MetricRings>();
    await this.#tried(async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.#directory)) {
        const mirror = name.slice(0, -ENDING.length);
        const found = name.endsWith(ENDING) && mirrors.includes(mirror) && (await this.#read(mirror));
        if (found) rings.set(mirror, found);
        else if (!mirrors.includes(mirror)) await unlink(join(this.#directory, name));
      }
    });
    return rings;
  }

  save(mirror: string, rings: MetricRings): Promise<void> {
    return this.#tried(async () => {
      const unfinished = `${this.#fileOf(mirror)}.new`;
      const text = JSON.stringify({ format: fileSchema.shape.format.value, rings: rings.record });
      await writeFile(unfinished, text, { mode: 0o600 });
      await rename(unfinished, this.#fileOf(mirror));
    });
  }

  remove(mirror: string): Promise<void> {
    return unlink(this.#fileOf(mirror)).catch(() => {});
  }

  async #read(mirror: string): Promise<MetricRings | undefined> {
    let rings: MetricRings | undefined;
    await this.#tried(async () => {
      const text = await readFile(this.#fileOf(mirror), 'utf8');
      rings = new MetricRings(fileSchema.parse(JSON.parse(text)).rings);
    });
    return rings;
  }

  #tried(work: () => Promise<void>): Promise<void> {
    return work().catch((thrown: unknown) => {
      this.#logger.warn('metrics-not-kept', { error: asAppError(thrown) });
    });
  }

  #fileOf(mirror: string): string {
    return join(this.#directory, mirror + ENDING);
  }
}
