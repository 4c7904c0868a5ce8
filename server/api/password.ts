import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { replaceDurably } from '../base/durable-file.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { Permits } from '../base/permits.ts';

/** Its name in the state directory. */
export const PASSWORD_FILE = 'password.json';

const VERSION = 1;
/** The parameters of scrypt; each hash is kept with its own, so that they may grow. */
const costSchema = z.strictObject({
  N: z
    .int()
    .min(2)
    .max(2 ** 17),
  r: z.int().min(1).max(8),
  p: z.int().min(1).max(16),
});
type Cost = z.infer<typeof costSchema>;
/** As OWASP advises: 32 MiB and a few tenths of a second for each guess. */
const COST: Cost = { N: 2 ** 15, r: 8, p: 3 };
/** More than the largest cost needs. */
const MOST_MEMORY = 192 * 2 ** 20;
const HASH_BYTES = 32;
/** They work in the thread pool that the mount's requests need too. */
const HASHES_AT_A_TIME = 2;
const HASHES_WAITING = 20;
const LOOK_MS = 1000;

const storedSchema = z.strictObject({
  version: z.literal(VERSION),
  cost: costSchema,
  salt: z.base64(),
  hash: z.base64(),
  setAt: z.iso.datetime(),
});
type Stored = z.infer<typeof storedSchema>;

/**
 * The one password of the operator, as a salted hash in a file of its own. A file that can't be read opens nothing, and
 * counts as set: whoever damages it must not get to choose the next one. What `proxyfs passwd` writes counts at once.
 */
export class Password {
  readonly #file: string;
  readonly #logger: Logger;
  readonly #cost: Cost;
  readonly #permits = new Permits(HASHES_AT_A_TIME);
  #stored: Stored | 'damaged' | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: string, logger: Logger, cost: Cost) {
    this.#file = file;
    this.#logger = logger;
    this.#cost = cost;
  }

  /** `cost` is that of hashes to come. */
  static async load(file: string, logger: Logger, cost: Cost = COST): Promise<Password> {
    const password = new Password(file, logger, cost);
    await password.#read();
    return password;
  }

  get isSet(): boolean {
    return this.#stored !== undefined;
  }

  /** Which password this is: another one has another era, and none has null. */
  get era(): string | null {
    if (this.#stored === undefined || this.#stored === 'damaged') return this.#stored ?? null;
    return this.#stored.salt;
  }

  /** The era of the password that was given, or undefined: it is not the one. Rejects with TOO_MANY_ATTEMPTS. */
  async eraOf(text: string): Promise<string | undefined> {
    const stored = this.#stored;
    if (stored === undefined || stored === 'damaged') return undefined;
    const hash = await this.#hashed(text, Buffer.from(stored.salt, 'base64'), stored.cost);
    const expected = Buffer.from(stored.hash, 'base64');
    return expected.length === HASH_BYTES && timingSafeEqual(hash, expected) ? stored.salt : undefined;
  }

  /** Sets the first one. Rejects with ALREADY_DECIDED where there is one, and with PASSWORD_FAILED. */
  setFirst(text: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#read();
      if (this.isSet) throw new AppError('ALREADY_DECIDED', 'the password is set already');
      await this.#write(text);
    });
  }

  /** Puts this one in the place of whichever there is. Rejects with PASSWORD_FAILED. */
  replace(text: string): Promise<void> {
    return this.#inTurn(() => this.#write(text));
  }

  /** Follows the changes that another process makes, until `close`. */
  watch(): void {
    watchFile(this.#file, { interval: LOOK_MS, persistent: false }, this.#onChange);
  }

  async close(): Promise<void> {
    unwatchFile(this.#file, this.#onChange);
    await this.#last;
  }

  readonly #onChange = (): void => void this.#inTurn(() => this.#read());

  async #read(): Promise<void> {
    try {
      this.#stored = storedSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      this.#stored = isAbsent ? undefined : 'damaged';
      if (!isAbsent) this.#logger.error('api.password-damaged', { file: this.#file });
    }
  }

  async #write(text: string): Promise<void> {
    const salt = randomBytes(16);
    const hash = (await this.#hashed(text, salt, this.#cost)).toString('base64');
    const setAt = new Date().toISOString();
    const stored: Stored = { version: VERSION, cost: this.#cost, salt: salt.toString('base64'), hash, setAt };
    try {
      // Written by root for a service of another user, it must be that user's.
      const { uid, gid } = await stat(dirname(this.#file));
      const owner = process.geteuid?.() === 0 ? { owner: { uid, gid } } : {};
      await replaceDurably(this.#file, `${JSON.stringify(stored)}\n`, { mode: 0o600, ...owner });
    } catch (cause) {
      throw new AppError(
        'PASSWORD_FAILED',
        `${this.#file} can't be written: ${(cause as NodeJS.ErrnoException).code}`,
        { cause },
      );
    }
    this.#stored = stored;
  }

  async #hashed(text: string, salt: Buffer, cost: Cost): Promise<Buffer> {
    if (this.#permits.waiting >= HASHES_WAITING) throw new AppError('TOO_MANY_ATTEMPTS');
    const hashed = () =>
      new Promise<Buffer>((resolve, reject) => {
        // One password however a keyboard composes its letters.
        scrypt(text.normalize('NFKC'), salt, HASH_BYTES, { ...cost, maxmem: MOST_MEMORY }, (error, hash) =>
          error ? reject(error) : resolve(hash),
        );
      });
    return this.#permits.with(hashed);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
