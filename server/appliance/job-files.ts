import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jobItemsSchema, jobRequestSchema, type JobView, jobViewSchema } from '../../shared/jobs.ts';
import { replaceDurably } from '../base/durable-file.ts';
import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

const ENDING = '.json';

const recordSchema = z.object({
  format: z.literal('proxyfs job 1'),
  request: jobRequestSchema,
  view: jobViewSchema,
  items: jobItemsSchema,
});

/** What is kept of a job. */
export type JobRecord = Omit<z.output<typeof recordSchema>, 'format'>;

/**
 * The jobs in a directory, a file for each, so that they can be looked at after a restart. Nothing depends on them: where they
 * can't be written or read, the log says so and all else goes on.
 */
export class JobFiles {
  readonly #directory: string;
  readonly #logger: Logger;
  /** One write at a time. */
  #last: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<string>();

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Newest first. */
  async load(): Promise<JobRecord[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith(ENDING));
    const records = await Promise.all(names.map((name) => this.#read(name)));
    return records.filter((record) => record !== undefined).sort((a, b) => byStart(b.view, a.view));
  }

  /** `record` is asked when its turn has come. */
  save(id: string, record: () => JobRecord): void {
    if (this.#waiting.has(id)) return;
    this.#waiting.add(id);
    this.#next(async () => {
      this.#waiting.delete(id);
      const text = JSON.stringify({ format: recordSchema.shape.format.value, ...record() });
      await replaceDurably(this.#fileOf(id), text, { mode: 0o600 });
    });
  }

  remove(id: string): void {
    this.#next(() => unlink(this.#fileOf(id)));
  }

  /** Resolves when all that was handed over is written. */
  written(): Promise<void> {
    return this.#last;
  }

  #next(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch((thrown: unknown) => {
      this.#logger.warn('job-not-kept', { error: asAppError(thrown) });
    });
  }

  async #read(name: string): Promise<JobRecord | undefined> {
    try {
      const text = await readFile(join(this.#directory, name), 'utf8');
      const { format: _, ...record } = recordSchema.parse(JSON.parse(text));
      return record;
    } catch (thrown) {
      this.#logger.warn('job-unreadable', { file: name, error: asAppError(thrown) });
      return undefined;
    }
  }

  #fileOf(id: string): string {
    return join(this.#directory, id + ENDING);
  }
}

/** Ids of one run end with a number. */
function byStart(a: JobView, b: JobView): number {
  return a.startedAt.localeCompare(b.startedAt) || a.id.localeCompare(b.id, undefined, { numeric: true });
}
