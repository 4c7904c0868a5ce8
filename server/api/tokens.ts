import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SCOPES, type Scope } from '../../shared/states.ts';
import type { NewToken } from '../../shared/requests.ts';
import type { TokenView } from '../../shared/api.ts';
import { replaceDurably } from '../base/durable-file.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { digestOf, newToken } from './secrets.ts';

const MOST_TOKENS = 100;
const VERSION = 1;

const storedSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  digest: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
});
type StoredToken = z.infer<typeof storedSchema>;
const fileSchema = z.strictObject({ version: z.literal(VERSION), tokens: z.array(storedSchema) });

/** What a token opens. */
export interface Grant {
  readonly scope: Scope;
  /** undefined for the token that the appliance was given or made at start. */
  readonly tokenId?: string;
  /** The era of the password (null: none) with which this ends; undefined where it lasts through all of them. */
  readonly passwordEra?: string | null;
}

/**
 * The tokens that operators have made. Only their digests are kept, in a file that is replaced as a whole; what a rejected
 * change wanted is in neither the file nor memory. A file that can't be read opens nothing and is left as it is.
 */
export class Tokens {
  readonly #file: string;
  readonly #nowMs: () => number;
  #byDigest: ReadonlyMap<string, StoredToken> = new Map();
  readonly #lastUsedMs = new Map<string, number>();
  #damage: AppError | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: string, nowMs: () => number) {
    this.#file = file;
    this.#nowMs = nowMs;
  }

  static async load(file: string, logger: Logger, nowMs: () => number = Date.now): Promise<Tokens> {
    const tokens = new Tokens(file, nowMs);
    try {
      tokens.#byDigest = byDigest(await read(file));
    } catch (cause) {
      const message = `${file} can't be read: no token of it opens anything`;
      tokens.#damage = new AppError('TOKENS_FAILED', message, { cause });
      logger.error('api.tokens-damaged', { file, error: cause });
    }
    return tokens;
  }

  get areThere(): boolean {
    return this.#byDigest.size > 0;
  }

  /** What this token opens; undefined for one that is unknown, revoked or expired. */
  grantOf(token: string): Grant | undefined {
    const stored = this.#byDigest.get(digestOf(token).toString('hex'));
    if (!stored || this.#isExpired(stored)) return undefined;
    this.#lastUsedMs.set(stored.id, this.#nowMs());
    return { scope: stored.scope, tokenId: stored.id };
  }

  /** Whether what was opened by it stays open. */
  stillGrants({ tokenId }: Grant): boolean {
    if (tokenId === undefined) return true;
    const stored = this.#find(tokenId);
    return stored !== undefined && !this.#isExpired(stored);
  }

  nameOf(tokenId: string): string | undefined {
    return this.#find(tokenId)?.name;
  }

  list(): TokenView[] {
    return [...this.#byDigest.values()].map((stored) => viewOf(this.#withLastUse(stored)));
  }

  /** The token itself is told now and never again. Rejects with NAME_TAKEN, TOO_MANY_TOKENS, or where the file can't be written. */
  create({ name, scope, expiresAt }: NewToken): Promise<TokenView & { token: string }> {
    return this.#inTurn(async () => {
      const present = [...this.#byDigest.values()];
      if (present.some((each) => each.name === name))
        throw new AppError('NAME_TAKEN', `there is a token of the name ${name}`);
      if (present.length >= MOST_TOKENS)
        throw new AppError('TOO_MANY_TOKENS', `there are ${MOST_TOKENS} tokens: revoke one`);
      const token = newToken();
      const stored: StoredToken = {
        id: randomUUID(),
        name,
        scope,
        digest: digestOf(token).toString('hex'),
        createdAt: new Date(this.#nowMs()).toISOString(),
        expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
        lastUsedAt: null,
      };
      await this.#replace([...present, stored]);
      return { ...viewOf(stored), token };
    });
  }

  /** From then on it opens nothing. Rejects with RESOURCE_NOT_FOUND. */
  revoke(id: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#find(id)) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such token');
      await this.#replace([...this.#byDigest.values()].filter((each) => each.id !== id));
    });
  }

  /** Notes when they were used last. */
  async close(): Promise<void> {
    await this.#last;
    if (this.#lastUsedMs.size > 0) await this.#replace([...this.#byDigest.values()]);
  }

  async #replace(tokens: readonly StoredToken[]): Promise<void> {
    if (this.#damage) throw this.#damage;
    const kept = tokens.map((each) => this.#withLastUse(each));
    const text = `${JSON.stringify({ version: VERSION, tokens: kept }, null, 2)}\n`;
    await replaceDurably(this.#file, text, { mode: 0o600 }).catch((cause: unknown) => {
      throw new AppError('TOKENS_FAILED', `${this.#file} can't be written`, { cause });
    });
    this.#byDigest = byDigest(kept);
    this.#lastUsedMs.clear();
  }

  #withLastUse(stored: StoredToken): StoredToken {
    const lastUsedMs = this.#lastUsedMs.get(stored.id);
    return lastUsedMs === undefined ? stored : { ...stored, lastUsedAt: new Date(lastUsedMs).toISOString() };
  }

  #find(id: string): StoredToken | undefined {
    return [...this.#byDigest.values()].find((each) => each.id === id);
  }

  #isExpired({ expiresAt }: StoredToken): boolean {
    return expiresAt !== null && Date.parse(expiresAt) <= this.#nowMs();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

async function read(file: string): Promise<StoredToken[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).tokens;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function byDigest(tokens: readonly StoredToken[]): Map<string, StoredToken> {
  return new Map(tokens.map((each) => [each.digest, each]));
}

function viewOf({ digest: _secret, ...view }: StoredToken): TokenView {
  return view;
}
