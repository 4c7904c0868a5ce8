import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { replaceDurably } from '../base/durable-file.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';

const VERSION = 1;
const MODE = 0o600;

export interface KeptListOptions<Item> {
  readonly file: string;
  /** What its items are called, in the file too. */
  readonly name: string;
  readonly schema: z.ZodType<Item>;
  /** What a file that can't be read or written rejects changes with. */
  readonly failure: ErrorCode;
  readonly logger: Logger;
}

/**
 * A short list that outlives a restart, in a file for its owner alone, which is replaced as a whole; what a rejected change
 * wanted is in neither the file nor memory. A file that can't be read stops nothing: the list is empty, and it is left as it is.
 */
export class KeptList<Item> {
  readonly #options: KeptListOptions<Item>;
  #items: readonly Item[] = [];
  #damage: AppError | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: KeptListOptions<Item>) {
    this.#options = options;
  }

  static async load<Item>(options: KeptListOptions<Item>): Promise<KeptList<Item>> {
    const list = new KeptList(options);
    const { file, name, failure, logger } = options;
    try {
      list.#items = await read(options);
    } catch (cause) {
      const message = `${file} can't be read: none of its ${name} counts`;
      list.#damage = new AppError(failure, message, { cause });
      logger.error(`api.${name}-damaged`, { file, error: cause });
    }
    return list;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Puts what `make` answers in the place of the present items, one change after the other; what it throws is passed on. */
  change(make: (present: readonly Item[]) => readonly Item[]): Promise<void> {
    const turn = this.#last.then(async () => {
      const items = make(this.#items);
      await this.#write(items);
      this.#items = items;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when no change is under way. */
  async settle(): Promise<void> {
    await this.#last;
  }

  async #write(items: readonly Item[]): Promise<void> {
    if (this.#damage) throw this.#damage;
    const { file, name, failure } = this.#options;
    const text = `${JSON.stringify({ version: VERSION, [name]: items }, null, 2)}\n`;
    await replaceDurably(file, text, { mode: MODE }).catch((cause: unknown) => {
      throw new AppError(failure, `${file} can't be written`, { cause });
    });
  }
}

async function read<Item>({ file, name, schema }: KeptListOptions<Item>): Promise<readonly Item[]> {
  try {
    const whole = z.strictObject({ version: z.literal(VERSION), [name]: z.unknown() });
    return z.array(schema).parse(whole.parse(jsonOf(await readFile(file, 'utf8')))[name]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The error of JSON.parse would quote the file, secrets and all, into the log. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the file is not JSON');
  }
}
